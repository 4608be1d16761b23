// One conversation's messages as they are shown: a window over its history, and behind it what is on its way.
import { shallowRef } from '@vue/reactivity'

import type { LogEvent } from '../client'
import type { Context } from './context'
import type { ConversationKey } from './key'
import { changed, fromEvent, isChat, type ChangeEvent, type Message, type Outgoing } from './message'
import type { Bubbles, Outbox } from './outbox'
import { debounce } from './schedule'
import { createArrival } from './timeline/arrival'
import { createHistory } from './timeline/history'
import { createLoad, type Loading } from './timeline/load'
import { createMarks, type Marks } from './timeline/marks'
import { createQuotes } from './timeline/quotes'
import { createReader } from './timeline/reader'
import { createUnplaced } from './timeline/unplaced'
import { createWindow, type Side } from './timeline/window'

export type { Message, Outgoing, Reaction, Upload } from './message'

/** Messages that are kept in the browser. */
const KEPT = 100

/** Messages in the window beyond which nothing is fetched that the reader did not go to: it would be let go at the other end. */
const FETCHED = 900

export interface Timeline extends Marks {
  readonly key: ConversationKey
  /** By `seq`, the oldest first; then those on their way. */
  readonly messages: readonly Message[]
  readonly atStart: boolean
  readonly atEnd: boolean
  readonly loading: Loading
  /** Whether the last load failed, until one succeeds. */
  readonly failed: boolean
  /** The first unread message when the conversation was entered. */
  readonly unreadFrom: number | undefined
  /** Messages that came while the reader was elsewhere. */
  readonly fresh: number
  readonly following: boolean
  /** The reader is at the end and looks: what is there counts as read. */
  follow: (on: boolean) => void
  /** The message that the reader looks at while not at the end: a window that has to be read anew is read there. */
  lookAt: (seq: number | undefined) => void
  loadOlder: () => Promise<void>
  loadNewer: () => Promise<void>
  toEnd: () => Promise<void>
  /** Tries again what could not be loaded. */
  again: () => Promise<void>
  /** Loads the place of a message. `gone`: it is not there any more, or could not be loaded; `left`: the reader went elsewhere meanwhile. */
  around: (seq: number) => Promise<'there' | 'gone' | 'left'>
  /** Loads the place of the first message that was unread on entering, where it is further up than the window. */
  toUnread: () => Promise<void>
  /** In the window. */
  bySeq: (seq: number) => Message | undefined
  /** In the window, or fetched in the background. */
  quoted: (seq: number) => Message | undefined
  send: (outgoing: Outgoing) => void
  retry: (id: string) => void
  discard: (id: string) => void
}

/** What the rest of the model does with a timeline. */
export interface TimelineControl extends Timeline, Bubbles {
  /** The reader came to it. `readSeq`: up to where they had read. */
  enter: (readSeq: number) => void
  /** An entry of the log, in order. */
  apply: (event: LogEvent) => void
  /** What is there is void. */
  reload: () => Promise<void>
  /** Whether nothing is missed here if the server deletes what is up to the log's cursor. */
  arrived: () => boolean
  /** Whether something in it would be lost if it were dropped from memory. */
  busy: () => boolean
  /** It is void: nothing of it is kept in the browser any more, and nothing read in it. */
  drop: () => void
}

export interface TimelineHost {
  outbox: Outbox
  /** The last entry of the log that was heard. */
  cursor: () => number
  newestSeq: () => number
  /** Up to where the reader has read. */
  readSeq: () => number
  peerReadSeq: () => number
  /** Whether the server deletes what it is told has arrived. */
  untilDelivered: () => boolean
  read: (seq: number) => void
}

export const createTimeline = (
  key: ConversationKey,
  context: Context,
  host: TimelineHost,
): TimelineControl => {
  const { cache, schedule, me } = context
  const { outbox } = host
  const shown = shallowRef<readonly Message[]>([])
  const window = createWindow()
  const unplaced = createUnplaced()
  const history = createHistory(key, context)
  const quotes = createQuotes(history, me)
  const arrival = createArrival(window, host)
  let dropped = false
  const reader = createReader(window, {
    newestSeq: host.newestSeq,
    read: (seq) => {
      if (!dropped) host.read(seq)
    },
    arrived: arrival.complete,
    fetchUnread: () => fetchUnread(),
  })

  const publish = (): void => {
    shown.value = [...window.messages, ...unplaced.messages]
    arrival.note()
    reader.findUnread()
    if (window.atEnd) keep()
  }
  const publishSoon = (): void => schedule.soon(publish)

  const keep = debounce(500, () => {
    // Under the log's cursor goes what reaches up to it: otherwise what is missing would never be asked for.
    if (dropped || !window.atEnd || !window.current || load.loading === 'first') return
    cache.keepTimeline({
      key,
      cursor: host.cursor(),
      messages: window.messages.slice(-KEPT),
      atStart: window.atStart && window.messages.length <= KEPT,
    })
  })

  const change = (seq: number, by: (message: Message) => Message): void => {
    if (window.change(seq, by)) publishSoon()
  }
  const changeBy = (event: ChangeEvent): void =>
    change(event.data.targetSeq, (message) => changed(message, event, me()))
  const marks = createMarks(key, context, change, host.peerReadSeq)

  const append = (message: Message): void => {
    if (message.seq === undefined) unplaced.add(unplaced.recognize(message))
    else if (window.atEnd && !window.find(message.seq)) window.append(unplaced.recognize(message), reader.following)
  }

  const apply = (event: LogEvent): void => {
    // What has no place in the log is in no page of it.
    if (event.data.seq !== undefined) load.hear(event)
    history.forgetAhead()
    if (!isChat(event)) {
      changeBy(event)
      quotes.change(event)
      return
    }
    const message = fromEvent(event, me())
    reader.meet(message)
    append(message)
    reader.readSoon()
    publishSoon()
  }

  const load = createLoad({
    entry: (event) => {
      if (isChat(event)) append(fromEvent(event, me()))
      else changeBy(event)
    },
    settled: () => {
      publish()
      reader.readSoon()
    },
  })

  const loadNewest = (what: 'first' | 'newer'): Promise<void> =>
    load.run(
      what,
      async () => {
        const { list, more } = await history.newest()
        return () => {
          window.move(list, { start: !more, end: true })
          unplaced.settle(list)
        }
      },
      () => loadNewest(what),
    )

  const loadBeyond = async (side: Side): Promise<void> => {
    const edge = window.edge(side)
    if (load.loading !== 'none' || edge === undefined) return
    await load.run(
      side,
      async () => {
        const { list, more } = await history.beyond(side, edge)
        return () => window.extend(side, list, more)
      },
      () => loadBeyond(side),
    )
  }

  const fetchUnread = (): void => {
    if (!load.failed && window.messages.length <= FETCHED) void loadBeyond('older')
  }

  /** Loads what is up to `seq` and what follows; only if `seq` itself is a message, where `exact`. */
  const loadAround = (seq: number, exact: boolean): Promise<void> =>
    load.run(
      'first',
      async () => {
        const { older, newer } = await history.around(seq)
        return () => {
          if (exact && older.list.at(-1)?.seq !== seq) return
          window.move([...older.list, ...newer.list], { start: !older.more, end: !newer.more })
        }
      },
      () => loadAround(seq, exact),
    )

  /** The message that the reader is led to, until they look at something; and the loading of its place, done anew by a reload. */
  let goal: number | undefined
  let leading: Promise<void> | undefined
  const lead = (seq: number): Promise<void> => (leading = loadAround(seq, true))

  /** Shows what the browser kept, and asks the server only if there is more by now. */
  const open = async (): Promise<void> => {
    load.loading = 'first'
    const cached = await cache.timeline(key)
    if (cached && window.messages.length === 0) {
      window.move(cached.messages, { start: cached.atStart, end: true }, true)
      publish()
    }
    if (cached && cached.cursor === host.cursor() && cached.messages.length > 0) {
      window.confirm(true)
      load.loading = 'none'
      publish()
      reader.readSoon()
      return
    }
    await loadNewest('first')
  }

  const changeUnplaced = (id: string, by: (message: Message) => Message): void => {
    unplaced.change(id, by)
    publish()
  }

  void open()

  return {
    key,
    get messages() {
      return shown.value
    },
    get atStart() {
      return window.atStart
    },
    get atEnd() {
      return window.atEnd
    },
    get loading() {
      return load.loading
    },
    get failed() {
      return load.failed
    },
    get unreadFrom() {
      return reader.unreadFrom
    },
    get fresh() {
      return reader.fresh
    },
    get following() {
      return reader.following
    },
    follow: (on) => {
      if (on && goal !== undefined && window.find(goal)) goal = undefined
      reader.follow(on)
    },
    lookAt: (seq) => {
      if (seq !== undefined && goal !== undefined && window.find(goal)) goal = undefined
      reader.lookAt(seq)
    },
    loadOlder: () => loadBeyond('older'),
    loadNewer: () => loadBeyond('newer'),
    again: load.again,
    toEnd: async () => {
      // The place that the reader was being led to is not to come after the end.
      const led = goal !== undefined
      goal = undefined
      if (led || !window.atEnd) await loadNewest('newer')
    },
    around: async (seq) => {
      if (window.find(seq)) return 'there'
      goal = seq
      void lead(seq)
      for (let now: Promise<void> | undefined; now !== leading; ) {
        now = leading
        await now
      }
      if (window.find(seq)) return 'there'
      if (goal !== seq) return 'left'
      goal = undefined
      return 'gone'
    },
    toUnread: async () => {
      const seq = reader.unreadAbove()
      if (seq !== undefined) await loadAround(seq, false)
    },
    bySeq: window.find,
    quoted: (seq) => shown.value.find((message) => message.seq === seq) ?? quotes.get(seq),
    send: (outgoing) => outbox.add(key, outgoing),
    retry: (id) => outbox.retry(key, id),
    discard: (id) => {
      outbox.discard(key, id)
      unplaced.remove(id)
      publish()
    },
    ...marks,

    enter: (readSeq) => {
      reader.enter(readSeq)
      if (load.failed && window.messages.length === 0) void open()
      else publish()
    },
    apply,
    arrived: arrival.complete,
    reload: () => {
      window.confirm(false)
      arrival.restart()
      if (goal !== undefined) return lead(goal)
      return reader.following || reader.lookedAt === undefined ? loadNewest('first') : loadAround(reader.lookedAt, false)
    },
    pend: (message) => {
      unplaced.add(message)
      publish()
    },
    progress: (id, upload) => changeUnplaced(id, (message) => ({ ...message, upload })),
    sent: (id, { msgId, seq, time }, { kind, body }) => {
      const answered = { kind, body, msgId, time, state: 'sent' as const, upload: undefined }
      if (seq === undefined) {
        changeUnplaced(id, (message) => ({ ...message, ...answered }))
        return
      }
      const mine = unplaced.remove(id)
      if (!mine) return
      const known = window.find(seq)
      if (known) window.put({ ...known, id: mine.id, clientMsgId: mine.clientMsgId })
      else if (window.atEnd) window.put({ ...mine, ...answered, seq })
      publish()
    },
    fail: (id, error) => changeUnplaced(id, (message) => ({ ...message, state: 'failed', error })),
    busy: () => unplaced.messages.length > 0 || reader.following,
    drop: () => {
      // Also what was to be drawn or told soon.
      dropped = true
      keep.cancel()
    },
  }
}
