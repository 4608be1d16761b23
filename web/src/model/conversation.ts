// Conversations: the list and the timelines behind it, and all that is heard of them and done with them.
import type { Ready, WireEvent } from '../client'
import type { Kept } from './cache'
import type { Context } from './context'
import { createDrafts } from './conversation/draft'
import { createList } from './conversation/list'
import { createLog } from './conversation/log'
import { createNews, type NewsListener } from './conversation/news'
import { createReading } from './conversation/reading'
import { createRefresh } from './conversation/refresh'
import type { Conversation } from './conversation/row'
import { createSettings, type Settings } from './conversation/settings'
import { createTimelines } from './conversation/timelines'
import { createTyping } from './conversation/typing'
import type { Friends } from './friend'
import type { Groups } from './group'
import { groupKey, type ConversationKey } from './key'
import { createOutbox } from './outbox'
import type { People } from './people'
import type { Timeline } from './timeline'

export type { Keep } from '../client'
export type { Conversation } from './conversation/row'

export interface Conversations extends Settings {
  /** Pinned first, then the newest first. */
  readonly list: readonly Conversation[]
  /** Unread messages of all that are not muted. */
  readonly unread: number
  get: (key: ConversationKey) => Conversation | undefined
  ensure: (key: ConversationKey) => Conversation
  /** Its messages. Call it once each time that the reader comes to the conversation. */
  timeline: (key: ConversationKey) => Timeline
  /** All that is there counts as read, without being looked at. */
  markRead: (key: ConversationKey) => void
  setDraft: (key: ConversationKey, text: string) => void
  /** The reader is writing; may be called at every keystroke. */
  typing: (key: ConversationKey) => void
  /**
   * Calls back for each message of others that comes live, and after a connection for the last one of each conversation in which
   * something came meanwhile that was not read elsewhere.
   */
  onNews: (listener: NewsListener) => void
}

/** What the rest of the model does with the conversations. */
export interface ConversationsControl extends Conversations {
  hear: (event: WireEvent) => void
  /** Brings everything to what the server has, after a connection; shows it once the `lists` are here that say who everybody is. */
  refresh: (ready: Ready, lists: Promise<void>) => Promise<void>
  /** Where the list could not be fetched: what is heard has to follow on what the browser kept. */
  goOn: () => void
  restore: (kept: Kept) => void
  /** Sends what a tab that was closed left unsent. */
  adopt: () => Promise<void>
  clear: () => void
}

export const createConversations = (
  context: Context,
  people: People,
  friends: Friends,
  groups: Groups,
): ConversationsControl => {
  const list = createList(context, { people, friends, groups })
  const outbox = createOutbox(context, (key) => timelines.get(key), list.acknowledge)
  const timelines = createTimelines(context, list, outbox, {
    cursor: (key) => log.resume.cursor(key),
    read: (key, seq) => reading.read(key, seq),
  })
  const remove = (key: ConversationKey): void => {
    list.remove(key)
    context.cache.keepDraft(key, '')
    timelines.remove(key)
    log.resume.forget(key)
  }
  const typing = createTyping(context, list)
  const reading = createReading(context, list, timelines)
  const news = createNews(context, list)
  const log = createLog(context, list, timelines, typing, people, news, remove)
  const refresh = createRefresh(context, list, timelines, reading, log, remove)
  const drafts = createDrafts(context, list)
  groups.onGone((groupId) => remove(groupKey(groupId)))

  return {
    get list() {
      return list.order
    },
    get unread() {
      return list.unread
    },
    get: (key) => list.rows.get(key),
    ensure: list.ensure,
    timeline: timelines.enter,
    markRead: reading.markRead,
    setDraft: drafts.set,
    typing: typing.tell,
    ...createSettings(context, list),
    onNews: news.on,

    hear: log.hear,
    refresh: async (ready, lists) => {
      news.pause()
      if (!(await refresh.run(ready, lists))) return
      outbox.wake()
      news.resume()
    },
    goOn: () => {
      for (const [key, { lastSeq }] of list.rows) {
        if (lastSeq > 0 && log.resume.cursor(key) === undefined) log.resume.reached(key, lastSeq)
      }
    },
    restore: (kept) => {
      news.restart()
      for (const noun of [refresh, list, drafts]) noun.restore(kept)
      // Not waited for: another tab may be at it.
      if (kept.unsent.length > 0) void outbox.adopt()
      list.sort()
    },
    adopt: outbox.adopt,
    clear: () => {
      news.restart()
      outbox.clear()
      for (const key of list.rows.keys()) log.resume.forget(key)
      for (const noun of [refresh, list, timelines, typing]) noun.clear()
    },
  }
}
