// 整体框架：导航、连接、登录。
export default {
  name: '鸿雁',
  close: '关闭',
  cancel: '取消',
  save: '保存',
  retry: '重试',
  back: '返回',
  more: '更多',
  loading: '正在加载…',
  field: {
    showPassword: '显示密码',
    hidePassword: '隐藏密码',
  },
  nav: {
    label: '主导航',
    chat: '消息',
    contacts: '通讯录',
    settings: '设置',
    me: '我的资料',
    unread: '{n} 条未读消息',
    unreadMany: '99 条以上未读消息',
    waiting: '{n} 个申请等你处理',
  },
  nothing: {
    chat: '选择一个会话',
    chatText: '从左侧选择会话，或者找个人聊聊。',
    contacts: '通讯录',
    contactsText: '从左侧选择联系人或群聊，也可以查找新朋友。',
    find: '查找朋友和群聊',
  },
}
