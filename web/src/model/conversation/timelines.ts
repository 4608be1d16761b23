// The timelines in memory: those that were used last.
import type { Context } from '../context'
import type { ConversationKey } from '../key'
import type { Outbox } from '../outbox'
import { createTimeline, type TimelineControl } from '../timeline'
import type { List } from './list'

/** How many of them stay. */
const TIMELINES = 12

export interface Timelines {
  get: (key: ConversationKey) => TimelineControl | undefined
  /** The same, begun if it is not in memory. */
  open: (key: ConversationKey) => TimelineControl
  /** The reader comes to a conversation. */
  enter: (key: ConversationKey) => TimelineControl
  /** What is there of a conversation is void, here and in the browser: what is shown is read anew. */
  reload: (key: ConversationKey) => void
  /** The conversation is no more. */
  remove: (key: ConversationKey) => void
  clear: () => void
}

export const createTimelines = (
  context: Context,
  list: List,
  outbox: Outbox,
  host: {
    /** The last entry of the log that was heard. */
    cursor: (key: ConversationKey) => number | undefined
    read: (key: ConversationKey, seq: number) => void
  },
): Timelines => {
  const { cache } = context
  /** The one that was used last is the last one. */
  const timelines = new Map<ConversationKey, TimelineControl>()

  const letGo = (except: ConversationKey): void => {
    for (const [key, timeline] of timelines) {
      if (timelines.size <= TIMELINES) break
      if (timeline.busy() || key === except) continue
      timeline.drop()
      timelines.delete(key)
    }
  }

  const begin = (key: ConversationKey): TimelineControl => {
    const row = list.ensure(key)
    const timeline = createTimeline(key, context, {
      outbox,
      cursor: () => host.cursor(key) ?? row.lastSeq,
      newestSeq: () => row.lastSeq,
      readSeq: () => row.readSeq,
      peerReadSeq: () => row.peerReadSeq,
      untilDelivered: () => row.keep === 'until-delivered',
      read: (seq) => host.read(key, seq),
    })
    timelines.set(key, timeline)
    outbox.show(key)
    letGo(key)
    return timeline
  }

  const open = (key: ConversationKey): TimelineControl => timelines.get(key) ?? begin(key)

  return {
    get: (key) => timelines.get(key),
    open,
    enter: (key) => {
      const timeline = open(key)
      timelines.delete(key)
      timelines.set(key, timeline)
      timeline.enter(list.ensure(key).readSeq)
      return timeline
    },
    reload: (key) => {
      cache.dropTimeline(key)
      void timelines.get(key)?.reload()
    },
    remove: (key) => {
      timelines.get(key)?.drop()
      timelines.delete(key)
      cache.dropTimeline(key)
    },
    clear: () => {
      for (const timeline of timelines.values()) timeline.drop()
      timelines.clear()
    },
  }
}
