// Who is writing: the others, as it is heard of them; and the reader, as the others are told.
import { conversationOf } from '../../client'
import type { Context } from '../context'
import { addressOf, type ConversationKey } from '../key'
import type { List } from './list'

/** How long somebody counts as writing, in ms. */
const TYPING = 5_000
/** How often the others are told, in ms. */
const TELL_TYPING = 3_000

export interface Typing {
  /** The reader is writing; may be called at every keystroke. */
  tell: (key: ConversationKey) => void
  /** Somebody has written, or writes no more. */
  stop: (key: ConversationKey, userId: string) => void
  clear: () => void
}

export const createTyping = ({ link, events, me }: Context, { rows }: List): Typing => {
  const timers = new Map<string, ReturnType<typeof setTimeout>>()
  let told = { key: '' as string, at: 0 }

  const stop = (key: ConversationKey, userId: string): void => {
    const writing = `${key} ${userId}`
    if (!timers.has(writing)) return
    clearTimeout(timers.get(writing))
    timers.delete(writing)
    const row = rows.get(key)
    if (row?.typing.includes(userId)) row.typing = row.typing.filter((other) => other !== userId)
  }

  events.on('chat_typing', (event) => {
    const key = conversationOf(event, me())
    const { fromUserId } = event
    const row = rows.get(key)
    if (!row || fromUserId === me()) return
    clearTimeout(timers.get(`${key} ${fromUserId}`))
    timers.set(`${key} ${fromUserId}`, setTimeout(() => stop(key, fromUserId), TYPING))
    if (!row.typing.includes(fromUserId)) row.typing = [...row.typing, fromUserId]
  })

  return {
    tell: (key) => {
      const now = Date.now()
      if (told.key === key && now - told.at < TELL_TYPING) return
      told = { key, at: now }
      link.call('/ws/chat/typing', addressOf(key)).catch(() => undefined)
    },
    stop,
    clear: () => {
      for (const timer of timers.values()) clearTimeout(timer)
      timers.clear()
    },
  }
}
