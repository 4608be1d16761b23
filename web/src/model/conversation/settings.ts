// What the reader has set for a conversation, on this or another device: muted, pinned, and how long messages are kept.
import { conversationOf, type Keep } from '../../client'
import type { Context } from '../context'
import { addressOf, keyOf, type ConversationKey } from '../key'
import type { List } from './list'

export interface Settings {
  setMuted: (key: ConversationKey, on: boolean) => Promise<void>
  setPinned: (key: ConversationKey, on: boolean) => Promise<void>
  /** Undefined leaves it to the server's setting. */
  setKeep: (key: ConversationKey, keep: Keep | undefined) => Promise<void>
}

export const createSettings = ({ link, events, me }: Context, list: List): Settings => {
  events.on('chat_settings', ({ data }) => {
    const row = list.ensure(keyOf(data))
    row.muted = data.muted
    row.pinned = data.pinned
    list.reorderSoon()
  })
  events.on('chat_keep', (event) => {
    const row = list.rows.get(conversationOf(event, me()))
    if (!row) return
    row.keep = event.data.keep
    if (event.fromUserId === me()) row.keepWish = event.data.wish
    else row.peerKeepWish = event.data.wish
  })

  return {
    setMuted: async (key, muted) => {
      await link.call('/ws/chat/settings', { ...addressOf(key), muted })
      list.ensure(key).muted = muted
    },
    setPinned: async (key, pinned) => {
      await link.call('/ws/chat/settings', { ...addressOf(key), pinned })
      list.ensure(key).pinned = pinned
      list.reorder()
    },
    setKeep: async (key, wish) => {
      await link.call('/ws/chat/keep', { ...addressOf(key), ...(wish === undefined ? {} : { keep: wish }) })
      list.ensure(key).keepWish = wish
    },
  }
}
