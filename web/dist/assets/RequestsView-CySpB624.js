import{_ as e,c,i as t}from"./index-DnTNDohH.js";const s={};function n(o,r){return c(),t("section")}const a=e(s,[["render",n]]);export{a as default};
