// How far conversations are read: by the reader, here or on another device, and by the other.
import { conversationOf } from '../../client'
import type { Context } from '../context'
import { addressOf, groupOf, type ConversationKey } from '../key'
import type { List } from './list'
import type { Timelines } from './timelines'

export interface Reading {
  /** The reader has read up to `seq`, here. */
  read: (key: ConversationKey, seq: number) => void
  /** Tells the server. What it does not take now it is told again after the next connection. */
  tell: (key: ConversationKey, seq: number) => void
  /** All that is there counts as read, without being looked at. */
  markRead: (key: ConversationKey) => void
}

export const createReading = (
  { link, events, me }: Context,
  list: List,
  timelines: Timelines,
): Reading => {
  const tell = (key: ConversationKey, seq: number): void => {
    link.call('/ws/chat/read', { ...addressOf(key), seq }).catch(() => undefined)
  }

  const read = (key: ConversationKey, seq: number): void => {
    const row = list.ensure(key)
    if (seq <= row.readSeq && row.unread === 0) return
    row.readSeq = Math.max(row.readSeq, seq)
    row.unread = 0
    row.mentioned = false
    // Where nothing is kept there is nothing to tell of.
    if (seq > 0) tell(key, seq)
    list.keep()
  }

  const readByOther = (key: ConversationKey, seq: number): void => {
    const row = list.rows.get(key)
    if (row && groupOf(key) === undefined) row.peerReadSeq = Math.max(row.peerReadSeq, seq)
  }

  const readElsewhere = (key: ConversationKey, seq: number): void => {
    const row = list.rows.get(key)
    if (!row) return
    row.readSeq = Math.max(row.readSeq, seq)
    const behind = timelines
      .get(key)
      ?.messages.filter((message) => !message.mine && (message.seq ?? 0) > row.readSeq)
    if (row.readSeq >= (row.last?.seq ?? 0)) row.unread = 0
    else if (behind) row.unread = Math.min(row.unread, behind.length)
    if (row.unread === 0) row.mentioned = false
    list.keep()
  }

  events.on('chat_read', (event) => {
    const key = conversationOf(event, me())
    if (event.fromUserId === me()) readElsewhere(key, event.data.seq)
    else readByOther(key, event.data.seq)
  })

  return {
    read,
    tell,
    markRead: (key) => {
      const { lastSeq, unread } = list.ensure(key)
      if (unread > 0) read(key, lastSeq)
    },
  }
}
