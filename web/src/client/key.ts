// A conversation's name inside the page: one text for a friend or a group.

/** `u:<userId>` between two, `g:<groupId>` in a group. */
export type ConversationKey = `u:${string}` | `g:${string}`

/** How the wire names a conversation in requests. */
export type Address = { toUserId: string } | { toGroupId: string }

export const userKey = (userId: string): ConversationKey => `u:${userId}`
export const groupKey = (groupId: string): ConversationKey => `g:${groupId}`

/** The friend's id, or undefined for a group. */
export const userOf = (key: ConversationKey): string | undefined =>
  key.startsWith('u:') ? key.slice(2) : undefined

/** The group's id, or undefined between two. */
export const groupOf = (key: ConversationKey): string | undefined =>
  key.startsWith('g:') ? key.slice(2) : undefined

export const addressOf = (key: ConversationKey): Address => {
  const id = key.slice(2)
  return key.startsWith('g:') ? { toGroupId: id } : { toUserId: id }
}

/** The key in an address such as `/chat/u:…`; undefined when it is none. */
export const readKey = (text: string): ConversationKey | undefined =>
  /^[ug]:[0-9a-zA-Z-]{1,64}$/.test(text) ? (text as ConversationKey) : undefined

/** The conversation of an object that names it by `userId` or `groupId`, as lists and cursors do. */
export const keyOf = (of: { userId?: string; groupId?: string }): ConversationKey =>
  of.groupId ? groupKey(of.groupId) : userKey(of.userId ?? '')
