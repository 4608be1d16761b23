// After a connection everything is brought to what the server has: the list, then what was missed of what is shown.
import { LIMITS, type ConversationCard, type Ready, type ReplyOf } from '../../client'
import type { Kept } from '../cache'
import type { Context } from '../context'
import { keyOf, type ConversationKey } from '../key'
import type { List } from './list'
import type { Log } from './log'
import type { Reading } from './reading'
import { learnCard } from './row'
import type { Timelines } from './timelines'

/** How often the list's first page is looked at again for what moved to it while the others were fetched. */
const LOOKS = 5

/** Entries missed beyond which a conversation is read anew instead of replayed. */
const REPLAYED = 1_000

export interface Refresh {
  /** Shows it once the `lists` are here that say who everybody is. False: a newer round, or a logout, has overtaken it. */
  run: (ready: Ready, lists: Promise<void>) => Promise<boolean>
  restore: (kept: Kept) => void
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
  let rounds = 0

  /** The pinned first, then the newest. */
  const fetchPage = (after?: string): Promise<ReplyOf<'/ws/chat/conversations'>> =>
    link.call('/ws/chat/conversations', { limit: LIMITS.longestPage, ...(after === undefined ? {} : { after }) })

  /** Shows a card. True: what its timeline missed is to be replayed. */
  const meet = (key: ConversationKey, card: ConversationCard, restored: boolean): boolean => {
    const timeline = timelines.get(key)
    const cursor = resume.cursor(key)
    const row = list.fresh(key)
    if (restored) row.lastSeq = row.readSeq = 0
    else if (row.readSeq > card.readSeq) reading.tell(key, row.readSeq)
    learnCard(row, card, me(), timeline?.following ?? false)
    if (!timeline?.arrived() || cursor === undefined || restored || card.lastSeq - cursor > REPLAYED) {
      resume.restart(key, card.lastSeq)
      if (timeline) void timeline.reload()
      return false
    }
    if (timeline.failed) void timeline.again()
    return card.lastSeq > cursor
  }

  /** Who is written to while the pages are fetched moves to the first one, and is met on none of the others. */
  const meetMoved = async (
    met: ReadonlySet<ConversationKey>,
    meetAll: (cards: readonly ConversationCard[]) => void,
    isCurrent: () => boolean,
  ): Promise<void> => {
    for (let looks = 0; looks < LOOKS; looks++) {
      const { list: first } = await fetchPage()
      if (!isCurrent()) return
      const moved = first.filter((card) => !met.has(keyOf(card)))
      if (moved.length === 0) return
      meetAll(moved)
    }
  }

  return {
    run: async (ready, lists) => {
      const mine = ++rounds
      // What an answer brings after a logout is another's, and after a newer round it is old.
      const isCurrent = (): boolean => mine === rounds
      // Only these may be gone: what is begun while the pages are on their way is in none of them.
      const before = [...list.rows.values()].filter(({ lastSeq }) => lastSeq > 0).map(({ key }) => key)
      const restored = epoch !== undefined && epoch !== ready.epoch
      const nothingYet = list.order.length === 0
      let [page] = await Promise.all([fetchPage(), lists])
      if (!isCurrent()) return false
      if (restored) cache.dropTimelines()
      const met = new Set<ConversationKey>()
      const behind = new Set<ConversationKey>()
      const meetAll = (cards: readonly ConversationCard[]): void => {
        for (const card of cards) {
          const key = keyOf(card)
          met.add(key)
          if (meet(key, card, restored)) behind.add(key)
        }
      }
      meetAll(page.list)
      const isPaged = page.next !== undefined
      while (page.next !== undefined) {
        // What fills the screen is shown before the rest is here.
        if (nothingYet) list.sort()
        page = await fetchPage(page.next)
        if (!isCurrent()) return false
        meetAll(page.list)
      }
      if (isPaged) await meetMoved(met, meetAll, isCurrent)
      if (!isCurrent()) return false
      for (const key of before) if (!met.has(key)) gone(key)
      await resume.catchUp([...behind], ready.epoch)
      if (!isCurrent()) return false
      // Only now: a round that failed is done again as the first one after a restore.
      epoch = ready.epoch
      cache.keepList('epoch', epoch)
      list.reorder()
      return true
    },
    restore: (kept) => {
      epoch = kept.list<string>('epoch')
    },
    clear: () => {
      rounds++
      epoch = undefined
    },
  }
}
