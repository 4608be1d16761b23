import{d as e,i as o,c as n}from"./index-DnTNDohH.js";const a=e({__name:"PersonView",props:{userId:{}},setup(r){return(s,t)=>(n(),o("section"))}});export{a as default};
