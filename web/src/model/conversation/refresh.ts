// After a connection everything is brought to what the server has: the list, then what was missed of what is shown.
import { LIMITS, type ConversationCard, type Ready } from '../../client'
import type { Context } from '../context'
import { keyOf, type ConversationKey } from '../key'
import type { List } from './list'
import type { Log } from './log'
import type { Reading } from './reading'
import { learnCard } from './row'
import type { Timelines } from './timelines'

/** Entries missed beyond which a conversation is read anew instead of replayed. */
const REPLAYED = 1_000

export interface Refresh {
  /** Shows it once the `lists` are here that say who everybody is. */
  run: (ready: Ready, lists: Promise<void>) => Promise<void>
  restore: () => Promise<void>
  clear: () => void
}

export const createRefresh = (
  { link, cache, me }: Context,
  list: List,
  timelines: Timelines,
  reading: Reading,
  { resume }: Log,
  /** A conversation is not the reader's any more. */
  gone: (key: ConversationKey) => void,
): Refresh => {
  /** Of the server's data; another one: they were restored from a backup. */
  let epoch: string | undefined

  const fetchCards = async (): Promise<Map<ConversationKey, ConversationCard>> => {
    const cards = new Map<ConversationKey, ConversationCard>()
    let after: string | undefined
    do {
      const request = { limit: LIMITS.longestPage, ...(after === undefined ? {} : { after }) }
      const page = await link.call('/ws/chat/conversations', request)
      for (const card of page.list) cards.set(keyOf(card), card)
      after = page.next
    } while (after !== undefined)
    return cards
  }

  /** Shows a card. True: what its timeline missed is to be replayed. */
  const meet = (key: ConversationKey, card: ConversationCard, restored: boolean): boolean => {
    const timeline = timelines.get(key)
    const cursor = resume.cursor(key)
    const row = list.ensure(key)
    if (restored) row.lastSeq = 0
    else if (row.readSeq > card.readSeq) reading.tell(key, row.readSeq)
    learnCard(row, card, me(), timeline?.following ?? false)
    if (!timeline || cursor === undefined || restored || card.lastSeq - cursor > REPLAYED) {
      resume.restart(key, card.lastSeq)
      if (timeline) void timeline.reload()
      return false
    }
    if (timeline.failed) void timeline.again()
    return card.lastSeq > cursor
  }

  return {
    run: async (ready, lists) => {
      const restored = epoch !== undefined && epoch !== ready.epoch
      epoch = ready.epoch
      cache.keepList('epoch', epoch)
      const [cards] = await Promise.all([fetchCards(), lists])
      if (restored) cache.dropTimelines()
      for (const [key, row] of list.rows) {
        if (!cards.has(key) && row.lastSeq > 0) gone(key)
      }
      const behind: ConversationKey[] = []
      for (const [key, card] of cards) {
        if (meet(key, card, restored)) behind.push(key)
      }
      await resume.catchUp(behind, epoch)
      list.reorder()
    },
    restore: async () => {
      epoch = await cache.list<string>('epoch')
    },
    clear: () => {
      epoch = undefined
    },
  }
}
