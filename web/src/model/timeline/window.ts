// The messages of a timeline that have a place in the log: a window that moves over a history of any length.
import { shallowReactive } from '@vue/reactivity'

import type { Message } from '../message'

/** Messages that the window holds; what is beyond it is let go at the other end. */
const WINDOW = 1_000

export type Side = 'older' | 'newer'

export interface MessageWindow {
  /** By `seq`, the oldest first. The window's own list: it changes when the window does. */
  readonly messages: readonly Message[]
  /** Whether the conversation's first message is in it. */
  readonly atStart: boolean
  /** Whether the newest one is in it. */
  readonly atEnd: boolean
  /** Whether the server said so: what the browser kept may lack what came since. */
  readonly current: boolean
  find: (seq: number) => Message | undefined
  /** The messages behind `seq`. */
  after: (seq: number) => readonly Message[]
  /** The `seq` of the outermost message on a side; undefined when there is nothing beyond it. */
  edge: (side: Side) => number | undefined
  /** Puts a message at its place, also over the one that is there. */
  put: (message: Message) => void
  /** Whether this made another message of the one at `seq`. */
  change: (seq: number, by: (message: Message) => Message) => boolean
  /** Takes what is new at the end. `following`: the reader is there. */
  append: (message: Message, following: boolean) => void
  /** Takes a page from beyond a side. `more`: it is not the last one there. */
  extend: (side: Side, list: readonly Message[], more: boolean) => void
  /** Goes to another part of the history. `kept`: as the browser kept it. */
  move: (list: readonly Message[], at: { start: boolean; end: boolean }, kept?: boolean) => void
  /** What the browser kept turns out to be all there is, or what is there to be void. */
  confirm: (current: boolean) => void
}

export const createWindow = (): MessageWindow => {
  let messages: Message[] = []
  const at = shallowReactive({ start: false, end: true })
  let current = false

  /** Where `seq` is, or would be. */
  const place = (seq: number): number => {
    let low = 0
    let high = messages.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((messages[middle]?.seq ?? 0) < seq) low = middle + 1
      else high = middle
    }
    return low
  }

  const find = (seq: number): Message | undefined => {
    const message = messages[place(seq)]
    return message?.seq === seq ? message : undefined
  }

  const put = (message: Message): void => {
    const seq = message.seq ?? 0
    const index = place(seq)
    if (messages[index]?.seq === seq) messages[index] = message
    else messages.splice(index, 0, message)
  }

  const letGoOlder = (): void => {
    messages = messages.slice(-WINDOW)
    at.start = false
  }
  const letGoNewer = (): void => {
    messages = messages.slice(0, WINDOW)
    at.end = false
  }

  return {
    get messages() {
      return messages
    },
    get atStart() {
      return at.start
    },
    get atEnd() {
      return at.end
    },
    get current() {
      return current
    },
    find,
    after: (seq) => messages.slice(place(seq + 1)),
    edge: (side) => {
      if (side === 'older') return at.start ? undefined : messages[0]?.seq
      return at.end ? undefined : messages.at(-1)?.seq
    },
    put,
    change: (seq, by) => {
      const index = place(seq)
      const message = messages[index]
      if (message?.seq !== seq) return false
      const now = by(message)
      messages[index] = now
      return now !== message
    },
    append: (message, following) => {
      put(message)
      // Some slack: otherwise each message would copy the list.
      if (messages.length > WINDOW * 1.2 && following) letGoOlder()
      // The reader is far above: the newest are fetched when they come down.
      else if (messages.length > WINDOW * 2) letGoNewer()
    },
    extend: (side, list, more) => {
      if (side === 'older') {
        messages = [...list, ...messages]
        at.start = !more
        if (messages.length > WINDOW) letGoNewer()
      } else {
        messages = [...messages, ...list]
        at.end = !more
        if (messages.length > WINDOW) letGoOlder()
      }
    },
    move: (list, { start, end }, kept = false) => {
      // What is known under another name keeps it, so that lists do not draw it anew.
      messages = list.map((message) => {
        const known = message.seq === undefined ? undefined : find(message.seq)
        return known ? { ...message, id: known.id, clientMsgId: known.clientMsgId } : message
      })
      at.start = start
      at.end = end
      current = !kept
    },
    confirm: (now) => {
      current = now
    },
  }
}
