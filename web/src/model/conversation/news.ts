// What the reader is to be told of, wherever he looks: each message of others that comes live, and of those that came while there was
// no connection the last one of each conversation.
import type { Context } from '../context'
import type { ConversationKey } from '../key'
import type { Message } from '../message'
import type { List } from './list'
import type { Conversation, Row } from './row'

export type NewsListener = (conversation: Conversation, message: Message) => void

export interface News {
  on: (listener: NewsListener) => void
  /** A message of another one came. */
  tell: (row: Row, message: Message) => void
  /** Everything is brought to what the server has: nothing is told until `resume`. */
  pause: () => void
  resume: () => void
  /** Somebody logged in, or came back: what is older is no news to him. */
  restart: () => void
}

/** Conversations that are told of after a connection: a night's worth of them would be no help. The title counts all. */
const FEW = 5

export const createNews = ({ here }: Context, list: List): News => {
  const listeners: NewsListener[] = []
  let came = Date.now()
  /** The newest message of each conversation when the connection was lost; undefined while one is there. */
  let known: Map<ConversationKey, number> | undefined = new Map()

  const say = (row: Row, message: Message): void => {
    for (const listener of listeners) listener(row, message)
  }

  const isMissed = ({ key, last, readSeq }: Row): boolean =>
    last !== undefined &&
    !last.mine &&
    here(last.time) >= came &&
    (last.seq ?? 0) > Math.max(known?.get(key) ?? 0, readSeq)

  return {
    on: (listener) => void listeners.push(listener),
    tell: (row, message) => {
      if (!known) say(row, message)
    },
    pause: () => {
      known ??= new Map([...list.rows.values()].map(({ key, last }) => [key, last?.seq ?? 0]))
    },
    resume: () => {
      const missed = list.order.filter(isMissed).sort((a, b) => a.lastTime - b.lastTime)
      known = undefined
      for (const row of missed.slice(-FEW)) if (row.last) say(row, row.last)
    },
    restart: () => {
      came = Date.now()
      known = new Map()
    },
  }
}
