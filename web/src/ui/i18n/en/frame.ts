// The frame around everything: navigation, connection, logging in.
export default {
  name: 'Hongyan',
  close: 'Close',
  cancel: 'Cancel',
  save: 'Save',
  retry: 'Try again',
  back: 'Back',
  more: 'More',
  loading: 'Loading…',
  field: {
    showPassword: 'Show password',
    hidePassword: 'Hide password',
  },
  nav: {
    label: 'Main',
    chat: 'Chats',
    contacts: 'Contacts',
    settings: 'Settings',
    me: 'Your profile',
    unread: '{n} unread message | {n} unread messages',
    unreadMany: 'more than 99 unread messages',
    waiting: '{n} request waits for your answer | {n} requests wait for your answer',
  },
  nothing: {
    chat: 'Pick a conversation',
    chatText: 'Choose one on the left, or find someone to write to.',
    contacts: 'People and groups',
    contactsText: 'Choose someone on the left, or find new people and groups.',
    find: 'Find people and groups',
  },
}
