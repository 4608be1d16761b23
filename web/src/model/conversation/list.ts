// The list of conversations: all rows, their order, and how many messages are unread.
import { computed, shallowReactive, shallowRef, toRaw } from '@vue/reactivity'

import type { Kept } from '../cache'
import type { Context } from '../context'
import type { ConversationKey } from '../key'
import type { Message } from '../message'
import { throttle } from '../schedule'
import { createRow, keptOf, type KeptRow, type Names, type Row } from './row'

export interface List {
  /** Those with messages or a draft: the pinned first, then the newest first. */
  readonly order: readonly Row[]
  /** Unread messages of all that are not muted. */
  readonly unread: number
  readonly rows: ReadonlyMap<ConversationKey, Row>
  ensure: (key: ConversationKey) => Row
  /** The same to be filled: nobody listens to a row that was not there, and past the reactivity a thousand take a third of the time. */
  fresh: (key: ConversationKey) => Row
  remove: (key: ConversationKey) => void
  /** An own message was acknowledged by the server. */
  acknowledge: (key: ConversationKey, message: Message) => void
  /** A row may have another place now. */
  sort: () => void
  /** The same, and it is kept. */
  reorder: () => void
  reorderSoon: () => void
  /** Keeps the rows in the browser. */
  keep: () => void
  restore: (kept: Kept) => void
  clear: () => void
}

export const createList = (context: Context, names: Names): List => {
  const { cache, schedule } = context
  const rows = new Map<ConversationKey, Row>()
  const order = shallowRef<readonly Row[]>([])

  const ensure = (key: ConversationKey): Row => {
    let row = rows.get(key)
    if (!row) {
      row = createRow(key, context, names)
      rows.set(key, row)
    }
    return row
  }

  const fresh = (key: ConversationKey): Row => rows.get(key) ?? toRaw(ensure(key))

  const sort = (): void => {
    const before = order.value
    // Read past the reactivity: nobody listens here, and a thousand of them are compared ten thousand times.
    const now = [...rows.values()]
      .map(toRaw)
      .filter((row) => row.lastTime > 0 || row.draft)
      .sort((a, b) => Number(b.pinned) - Number(a.pinned) || b.lastTime - a.lastTime)
      .map((row) => shallowReactive(row))
    // Mostly a message or a draft changes a row and no place: then there is no list to lay out anew.
    if (now.length !== before.length || now.some((row, at) => row !== before[at])) order.value = now
  }
  const reorder = (): void => {
    sort()
    keep()
  }
  const reorderSoon = (): void => schedule.soon(reorder)

  const keep = throttle(1_000, () => cache.keepList('conversations', [...rows.values()].map(toRaw).map(keptOf)))

  const unread = computed(() => order.value.reduce((sum, row) => sum + (row.muted ? 0 : row.unread), 0))

  return {
    get order() {
      return order.value
    },
    get unread() {
      return unread.value
    },
    rows,
    ensure,
    fresh,
    remove: (key) => {
      rows.delete(key)
      reorderSoon()
    },
    acknowledge: (key, message) => {
      const row = ensure(key)
      if (message.time < row.lastTime) return
      row.last = message
      row.lastTime = message.time
      row.lastSeq = Math.max(row.lastSeq, message.seq ?? 0)
      reorderSoon()
    },
    sort,
    reorder,
    reorderSoon,
    keep,
    restore: (kept) => {
      for (const row of kept.list<KeptRow[]>('conversations') ?? []) Object.assign(fresh(row.key), row)
    },
    clear: () => {
      keep.cancel()
      rows.clear()
      order.value = []
    },
  }
}
