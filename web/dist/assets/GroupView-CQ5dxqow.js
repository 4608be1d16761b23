import{d as e,i as o,c as r}from"./index-DnTNDohH.js";const s=e({__name:"GroupView",props:{groupId:{}},setup(t){return(n,p)=>(r(),o("section"))}});export{s as default};
