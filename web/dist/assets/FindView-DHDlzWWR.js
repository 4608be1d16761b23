import{_ as e,c,i as n}from"./index-DnTNDohH.js";const t={};function o(r,s){return c(),n("section")}const a=e(t,[["render",o]]);export{a as default};
