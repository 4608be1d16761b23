import{r,P as s}from"./index-DnTNDohH.js";const a=matchMedia("(max-width: 767px)"),e=r(a.matches);a.addEventListener("change",t=>e.value=t.matches);const o=s(e);export{o as i};
