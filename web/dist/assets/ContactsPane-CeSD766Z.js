import{_ as e,c,i as t}from"./index-DnTNDohH.js";const n={};function o(r,s){return c(),t("section")}const _=e(n,[["render",o]]);export{_ as default};
