// The logs of all conversations, heard without gaps: what each entry changes in the list and in the timelines.
import { conversationOf, isLogEvent, Resume, type LogEvent, type WireEvent } from '../../client'
import type { Context } from '../context'
import { groupOf, userOf, type ConversationKey } from '../key'
import { changed, fromEvent, isChat, namesReader, type Message } from '../message'
import type { People } from '../people'
import type { List } from './list'
import type { News } from './news'
import type { Row } from './row'
import type { Timelines } from './timelines'
import type { Typing } from './typing'

/** Stands for any number above 99. */
const MANY = 100

export interface Log {
  /** The client's part of it: where each log was heard up to. */
  resume: Resume
  hear: (event: WireEvent) => void
}

export const createLog = (
  { link, me }: Context,
  list: List,
  timelines: Timelines,
  typing: Typing,
  people: People,
  news: News,
  /** A conversation is not the reader's any more. */
  gone: (key: ConversationKey) => void,
): Log => {
  const count = (row: Row, message: Message): void => {
    row.unread = Math.min(row.unread + 1, MANY)
    row.mentioned ||= namesReader(message, me())
  }

  const take = (row: Row, message: Message): void => {
    row.last = message
    row.lastTime = message.time
    typing.stop(row.key, message.fromUserId)
    if (message.mine) return
    // What is replayed after a connection is in the list that was fetched before.
    const counted = (message.seq ?? Infinity) <= Math.max(row.readSeq, row.countedSeq)
    if (!counted && !timelines.get(row.key)?.following) count(row, message)
    news.tell(row, message)
  }

  const entry = (key: ConversationKey, event: LogEvent): void => {
    const known = list.rows.has(key)
    const row = list.ensure(key)
    if (isChat(event)) {
      take(row, fromEvent(event, me()))
      // Who it is from is asked for.
      if (!known && groupOf(key) === undefined) people.get(userOf(key) ?? '')
    } else if (row.last?.seq === event.data.targetSeq) {
      row.last = changed(row.last, event, me())
    }
    row.lastSeq = Math.max(row.lastSeq, event.data.seq ?? 0)
    // What is not kept is nowhere else.
    const kept = !isChat(event) || event.data.seq !== undefined
    const timeline = kept ? timelines.get(key) : timelines.open(key)
    timeline?.apply(event)
    list.reorderSoon()
  }

  const resume = new Resume({
    sync: (cursors, epoch) => link.call('/ws/chat/sync', epoch === undefined ? { cursors } : { cursors, epoch }),
    entry,
    arrived: (key) => timelines.get(key)?.arrived() ?? list.rows.get(key)?.keep !== 'until-delivered',
    resync: (key, seq) => {
      list.ensure(key).lastSeq = seq
      timelines.reload(key)
    },
    gone,
  })

  return {
    resume,
    hear: (event) => {
      if (isLogEvent(event)) resume.hear(conversationOf(event, me()), event)
    },
  }
}
