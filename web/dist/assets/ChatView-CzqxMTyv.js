import{d as e,i as o,c as t}from"./index-DnTNDohH.js";const s=e({__name:"ChatView",props:{conversationKey:{}},setup(n){return(a,c)=>(t(),o("section"))}});export{s as default};
