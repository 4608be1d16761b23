// The loaded part of one conversation's messages: a window that moves over a history of any length.
import { shallowReactive } from '@vue/reactivity'

import { LIMITS, type LogEvent, type Sent } from '../client'
import type { Context } from './context'
import { addressOf, groupOf, type ConversationKey } from './key'
import { changed, fromEvent, fromWire, isChat, reacted, type Message, type Upload } from './message'
import type { Outbox } from './outbox'
import { debounce } from './schedule'

export type { Message, Reaction, Upload } from './message'

const PAGE = 50
/** Messages that are loaded at a time while one scrolls. */
const MORE = LIMITS.longestPage
/** Messages that the window holds; what is beyond it is let go at the other end. */
const WINDOW = 1_000
/** Messages on either side of the place that is jumped to. */
const AROUND = 40
/** Messages that are kept in the browser. */
const KEPT = 100

export interface Outgoing {
  /** What is shown by clients that know no kinds: for a file its name or caption. */
  msg: string
  replyTo?: number
  mentions?: string[]
  mentionAll?: boolean
  file?: Blob
  fileName?: string
  /** Without it the file decides: a picture, or a file. */
  fileKind?: 'image' | 'file' | 'voice'
  /** Of a voice. */
  seconds?: number
}

export interface Timeline {
  readonly key: ConversationKey
  /** By `seq`, the oldest first; then those on their way. */
  readonly messages: readonly Message[]
  readonly atStart: boolean
  readonly atEnd: boolean
  readonly loading: 'none' | 'first' | 'older' | 'newer'
  /** Whether the last load failed. */
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
  /** Loads the place of a message; false: it is not there any more. */
  around: (seq: number) => Promise<boolean>
  /** Loads the place of the first message that was unread on entering, where it is further up than the window. */
  toUnread: () => Promise<void>
  /** In the window. */
  bySeq: (seq: number) => Message | undefined
  /** In the window, or fetched in the background. */
  quoted: (seq: number) => Message | undefined
  send: (outgoing: Outgoing) => void
  retry: (id: string) => void
  discard: (id: string) => void
  recall: (seq: number) => Promise<void>
  edit: (seq: number, msg: string, mentions: string[]) => Promise<void>
  react: (seq: number, emoji: string, on: boolean) => Promise<void>
  readers: (seq: number) => Promise<{ count: number; userIds: string[] }>
  /** Between two: the other has read it. */
  isRead: (message: Message) => boolean
}

/** What the rest of the model does with a timeline. */
export interface TimelineControl extends Timeline {
  /** The reader came to it. `readSeq`: up to where they had read. */
  enter: (readSeq: number) => void
  /** An entry of the log, in order. */
  apply: (event: LogEvent) => void
  /** What is there is void. */
  reload: () => Promise<void>
  pend: (message: Message) => void
  progress: (id: string, upload: Upload | undefined) => void
  /** `as`: how it was sent, with what the upload of its file gave. */
  sent: (id: string, sent: Sent, as: Pick<Message, 'kind' | 'body'>) => void
  fail: (id: string, error: string) => void
  /** Whether something in it would be lost if it were dropped from memory. */
  busy: () => boolean
}

export interface TimelineHost {
  outbox: Outbox
  /** The last entry of the log that was heard. */
  cursor: () => number
  newestSeq: () => number
  peerReadSeq: () => number
  read: (seq: number) => void
}

interface Page {
  list: Message[]
  more: boolean
}

type Side = 'older' | 'newer'

/** Where `seq` is, or would be, among messages that have one. */
const place = (messages: readonly Message[], seq: number): number => {
  let low = 0
  let high = messages.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((messages[middle]?.seq ?? 0) < seq) low = middle + 1
    else high = middle
  }
  return low
}

export const createTimeline = (
  key: ConversationKey,
  context: Context,
  host: TimelineHost,
): TimelineControl => {
  const { link, cache, schedule, me } = context
  const address = addressOf(key)

  /** Confirmed ones, by `seq`. */
  let confirmed: Message[] = []
  /** On their way, failed, or without a place because nothing is kept; as they came. */
  let loose: Message[] = []
  /** Entries that came while a page was on its way: the page may be older than they are. */
  let arrived: LogEvent[] | undefined
  let readBefore = Number.MAX_SAFE_INTEGER
  let load = 0
  let lookedAt: number | undefined
  /** The page beyond the window, on the side that the reader scrolls to: asked for before it is wanted. */
  let ahead: { side: Side; at: number; page: Promise<Page> } | undefined
  /** The last load, for when it fails. */
  let last = (): Promise<void> => newest('first')

  const state = shallowReactive({
    messages: [] as readonly Message[],
    atStart: false,
    atEnd: true,
    loading: 'none' as Timeline['loading'],
    failed: false,
    unreadFrom: undefined as number | undefined,
    fresh: 0,
    following: false,
  })
  const quotes = shallowReactive(new Map<number, Message | undefined>())

  const firstUnread = (): number | undefined => {
    const at = place(confirmed, readBefore + 1)
    if (at === 0 && !state.atStart) return undefined
    return confirmed.slice(at).find((message) => !message.mine)?.seq
  }
  const publish = (): void => {
    state.messages = loose.length > 0 ? [...confirmed, ...loose] : [...confirmed]
    state.unreadFrom ??= firstUnread()
    if (state.atEnd) keep()
  }
  const publishSoon = (): void => schedule.soon(publish)

  const keep = debounce(500, () => {
    if (!state.atEnd || state.loading === 'first') return
    cache.keepTimeline({
      key,
      cursor: host.cursor(),
      messages: confirmed.slice(-KEPT),
      atStart: state.atStart && confirmed.length <= KEPT,
    })
  })

  const readSoon = debounce(200, () => {
    const newest = host.newestSeq()
    if (state.following && state.atEnd && newest > 0) host.read(newest)
  })

  const find = (seq: number): Message | undefined => {
    const message = confirmed[place(confirmed, seq)]
    return message?.seq === seq ? message : undefined
  }
  const replace = (seq: number, by: (message: Message) => Message): void => {
    const at = place(confirmed, seq)
    const message = confirmed[at]
    if (message?.seq !== seq) return
    const now = by(message)
    if (now === message) return
    confirmed[at] = now
    publishSoon()
  }
  const insert = (message: Message): void => {
    const seq = message.seq ?? 0
    const at = place(confirmed, seq)
    if (confirmed[at]?.seq === seq) confirmed[at] = message
    else confirmed.splice(at, 0, message)
  }

  /** An own message on its way that this one, told by the server, must be: the answer to it was late, or lost. */
  const takeLoose = (message: Message): Message => {
    const at = loose.findIndex(
      (mine) =>
        mine.state === 'sending' &&
        mine.msg === message.msg &&
        mine.kind === message.kind &&
        mine.replyTo === message.replyTo,
    )
    const mine = loose[at]
    if (!message.mine || !mine) return message
    loose.splice(at, 1)
    return { ...message, id: mine.id, clientMsgId: mine.clientMsgId }
  }

  const append = (message: Message): void => {
    if (message.seq === undefined) {
      loose.push(message)
    } else if (!state.atEnd || find(message.seq)) {
      return
    } else {
      insert(takeLoose(message))
      if (confirmed.length > WINDOW * 1.2 && state.following) {
        confirmed = confirmed.slice(-WINDOW)
        state.atStart = false
      } else if (confirmed.length > WINDOW * 2) {
        // The reader is far above: the newest are fetched when they come down.
        confirmed = confirmed.slice(0, WINDOW)
        state.atEnd = false
      }
    }
  }

  const apply = (event: LogEvent): void => {
    arrived?.push(event)
    // It may be of the time before this entry.
    ahead = undefined
    if (!isChat(event)) {
      const { targetSeq } = event.data
      replace(targetSeq, (message) => changed(message, event, me()))
      const quoted = quotes.get(targetSeq)
      if (quoted) quotes.set(targetSeq, changed(quoted, event, me()))
      return
    }
    const message = fromEvent(event, me())
    if (!message.mine && !state.following) state.fresh++
    append(message)
    if (state.following) readSoon()
    publishSoon()
  }

  /** One load at a time; a newer one makes an older one's answer void. */
  const loading = async (
    what: Timeline['loading'],
    run: () => Promise<() => void>,
  ): Promise<void> => {
    const mine = ++load
    state.loading = what
    state.failed = false
    arrived = []
    try {
      const finish = await run()
      if (mine !== load) return
      finish()
      const since = arrived
      arrived = undefined
      for (const event of since) {
        if (isChat(event)) append(fromEvent(event, me()))
        else replace(event.data.targetSeq, (message) => changed(message, event, me()))
      }
    } catch {
      if (mine === load) state.failed = true
    } finally {
      if (mine === load) {
        arrived = undefined
        state.loading = 'none'
        publish()
        if (state.following) readSoon()
      }
    }
  }

  const page = async (
    at: { before?: number; after?: number },
    limit = PAGE,
  ): Promise<Page> => {
    const { list, more } = await link.call('/ws/chat/history', { ...address, ...at, limit })
    return { list: list.map((wire) => fromWire(wire, me())), more }
  }

  const askBeyond = (side: Side, at: number): Promise<Page> => page(side === 'older' ? { before: at } : { after: at }, MORE)
  /** What is beyond the window: who scrolls fast does not wait for it a second time. */
  const beyond = async (side: Side, at: number): Promise<Page> => {
    const asked = ahead?.side === side && ahead.at === at ? ahead.page : askBeyond(side, at)
    ahead = undefined
    const got = await asked
    const edge = side === 'older' ? got.list[0]?.seq : got.list.at(-1)?.seq
    if (got.more && edge !== undefined) askAhead(side, edge)
    return got
  }
  const askAhead = (side: Side, at: number): void => {
    const next = { side, at, page: askBeyond(side, at) }
    ahead = next
    next.page.catch(() => {
      if (ahead === next) ahead = undefined
    })
  }

  /** What is known under another name keeps it, so that lists do not draw it anew. */
  const named = (list: Message[]): Message[] =>
    list.map((message) => {
      const known = message.seq === undefined ? undefined : find(message.seq)
      return known ? { ...message, id: known.id, clientMsgId: known.clientMsgId } : message
    })

  const newest = (what: 'first' | 'newer'): Promise<void> => {
    last = () => newest(what)
    ahead = undefined
    return loading(what, async () => {
      const { list, more } = await page({})
      return () => {
        confirmed = named(list)
        for (const message of confirmed) if (message.mine) dropLoose(message)
        state.atStart = !more
        state.atEnd = true
      }
    })
  }

  const dropLoose = (message: Message): void => {
    loose = loose.filter((mine) => mine.msgId === undefined || mine.msgId !== message.msgId)
  }

  const open = async (): Promise<void> => {
    state.loading = 'first'
    const cached = await cache.timeline(key)
    if (cached && confirmed.length === 0) {
      confirmed = cached.messages
      state.atStart = cached.atStart
      publish()
    }
    if (cached && cached.cursor === host.cursor() && cached.messages.length > 0) {
      state.loading = 'none'
      publish()
      return
    }
    await newest('first')
  }

  const loadOlder = async (): Promise<void> => {
    const before = confirmed[0]?.seq
    if (state.loading !== 'none' || state.atStart || before === undefined) return
    last = loadOlder
    await loading('older', async () => {
      const { list, more } = await beyond('older', before)
      return () => {
        confirmed = [...list, ...confirmed]
        state.atStart = !more
        if (confirmed.length > WINDOW) {
          confirmed = confirmed.slice(0, WINDOW)
          state.atEnd = false
        }
      }
    })
  }

  const loadNewer = async (): Promise<void> => {
    const after = confirmed.at(-1)?.seq
    if (state.loading !== 'none' || state.atEnd || after === undefined) return
    last = loadNewer
    await loading('newer', async () => {
      const { list, more } = await beyond('newer', after)
      return () => {
        confirmed = [...confirmed, ...list]
        state.atEnd = !more
        if (confirmed.length > WINDOW) {
          confirmed = confirmed.slice(-WINDOW)
          state.atStart = false
        }
      }
    })
  }

  /** Loads what is up to `seq` and what follows; only if `seq` itself is a message, where `exact`. */
  const moveTo = (seq: number, exact: boolean): Promise<void> => {
    last = () => moveTo(seq, exact)
    ahead = undefined
    return loading('first', async () => {
      const [older, newer] = await Promise.all([
        page({ before: seq + 1 }, AROUND),
        page({ after: seq }, AROUND),
      ])
      return () => {
        if (exact && older.list.at(-1)?.seq !== seq) return
        confirmed = named([...older.list, ...newer.list])
        state.atStart = !older.more
        state.atEnd = !newer.more
      }
    })
  }

  const around = async (seq: number): Promise<boolean> => {
    if (!find(seq)) await moveTo(seq, true)
    return find(seq) !== undefined
  }

  const toUnread = async (): Promise<void> => {
    const first = confirmed[0]?.seq
    const above = first !== undefined && first > readBefore + 1 && !state.atStart
    if (above && state.unreadFrom === undefined && readBefore < host.newestSeq()) await moveTo(readBefore, false)
  }

  const quoted = (seq: number): Message | undefined => {
    const here = state.messages.find((message) => message.seq === seq) ?? quotes.get(seq)
    if (here || quotes.has(seq)) return here
    // Not while a picture is being made: this is called from computed values.
    queueMicrotask(() => {
      if (quotes.has(seq)) return
      quotes.set(seq, undefined)
      page({ before: seq + 1 }, 1)
        .then(({ list }) => {
          if (list[0]?.seq === seq) quotes.set(seq, list[0])
        })
        .catch(() => quotes.delete(seq))
    })
    return undefined
  }

  const change = (id: string, by: (message: Message) => Message): void => {
    loose = loose.map((message) => (message.id === id ? by(message) : message))
    publish()
  }

  void open()

  return {
    key,
    get messages() {
      return state.messages
    },
    get atStart() {
      return state.atStart
    },
    get atEnd() {
      return state.atEnd
    },
    get loading() {
      return state.loading
    },
    get failed() {
      return state.failed
    },
    get unreadFrom() {
      return state.unreadFrom
    },
    get fresh() {
      return state.fresh
    },
    get following() {
      return state.following
    },
    follow: (on) => {
      state.following = on
      if (!on) return
      state.fresh = 0
      readSoon()
    },
    lookAt: (seq) => (lookedAt = seq),
    loadOlder,
    loadNewer,
    again: async () => {
      if (state.failed) await last()
    },
    toEnd: async () => {
      if (!state.atEnd) await newest('newer')
    },
    around,
    toUnread,
    bySeq: find,
    quoted,
    send: (outgoing) => {
      host.outbox.add(key, outgoing)
      if (!state.atEnd) void newest('newer')
    },
    retry: (id) => host.outbox.retry(key, id),
    discard: (id) => {
      host.outbox.discard(key, id)
      loose = loose.filter((message) => message.id !== id)
      publish()
    },
    recall: async (seq) => {
      await link.call('/ws/chat/recall', { ...address, seq })
    },
    edit: async (seq, msg, mentions) => {
      await link.call('/ws/chat/edit', { ...address, seq, msg, mentions })
    },
    react: async (seq, emoji, on) => {
      replace(seq, (message) => reacted(message, emoji, me(), on, me()))
      try {
        await link.call('/ws/chat/react', { ...address, seq, emoji, on })
      } catch (error) {
        replace(seq, (message) => reacted(message, emoji, me(), !on, me()))
        throw error
      }
    },
    readers: async (seq) => {
      const { count, list } = await link.call('/ws/chat/readers', { ...address, seq })
      return { count, userIds: list }
    },
    isRead: (message) =>
      groupOf(key) === undefined && message.seq !== undefined && message.seq <= host.peerReadSeq(),

    enter: (readSeq) => {
      readBefore = readSeq
      state.unreadFrom = undefined
      state.fresh = 0
      if (state.failed && confirmed.length === 0) void open()
      else publish()
    },
    apply,
    reload: () => (state.following || lookedAt === undefined ? newest('first') : moveTo(lookedAt, false)),
    pend: (message) => {
      loose.push(message)
      publish()
    },
    progress: (id, upload) => change(id, (message) => ({ ...message, upload })),
    sent: (id, { msgId, seq, time }, { kind, body }) => {
      const at = loose.findIndex((message) => message.id === id)
      const mine = loose[at]
      if (seq === undefined) {
        change(id, (message) => ({ ...message, kind, body, state: 'sent', msgId, time, upload: undefined }))
        return
      }
      if (!mine) return
      loose.splice(at, 1)
      const confirmedOne: Message = { ...mine, kind, body, seq, msgId, time, state: 'sent', upload: undefined }
      const known = find(seq)
      if (known) insert({ ...known, id: mine.id, clientMsgId: mine.clientMsgId })
      else if (state.atEnd) insert(confirmedOne)
      publish()
    },
    fail: (id, error) => change(id, (message) => ({ ...message, state: 'failed', error })),
    busy: () => loose.some((message) => message.state !== 'sent') || state.following,
  }
}
