// The reader of a timeline: where they are, what they had not read when they came, and what they read by being there.
import { shallowReactive } from '@vue/reactivity'

import type { Message } from '../message'
import { after } from '../schedule'
import type { MessageWindow } from './window'

export interface Reader {
  /** The first unread message when the conversation was entered. */
  readonly unreadFrom: number | undefined
  /** Messages that came while the reader was elsewhere. */
  readonly fresh: number
  /** Whether the reader is at the end and looks. */
  readonly following: boolean
  /** The message that they look at while not at the end. */
  readonly lookedAt: number | undefined
  /** They came. `readSeq`: up to where they had read. */
  enter: (readSeq: number) => void
  follow: (on: boolean) => void
  lookAt: (seq: number | undefined) => void
  /** A message came. */
  meet: (message: Message) => void
  /** Finds the first unread message, as soon as it is in the window. */
  findUnread: () => void
  /** Where to go for the first unread message, when it is further up than the window. */
  unreadAbove: () => number | undefined
  /** What is there counts as read if the reader is still at the end in a moment. */
  readSoon: () => void
}

export const createReader = (
  window: MessageWindow,
  host: {
    newestSeq: () => number
    read: (seq: number) => void
    /** Whether what is unread may be said to have arrived. */
    arrived: () => boolean
    /** Fetches what of it is further up than the window. */
    fetchUnread: () => void
  },
): Reader => {
  const state = shallowReactive({
    unreadFrom: undefined as number | undefined,
    fresh: 0,
    following: false,
  })
  let readBefore = Number.MAX_SAFE_INTEGER
  let lookedAt: number | undefined

  const firstUnread = (): number | undefined => {
    const unread = window.after(readBefore)
    // When all of the window is unread, so may be what is above it.
    if (unread.length === window.messages.length && !window.atStart) return undefined
    return unread.find((message) => !message.mine)?.seq
  }

  const readSoon = after(200, () => {
    if (!state.following || !window.atEnd || !window.current) return
    if (host.arrived()) host.read(host.newestSeq())
    else host.fetchUnread()
  })

  return {
    get unreadFrom() {
      return state.unreadFrom
    },
    get fresh() {
      return state.fresh
    },
    get following() {
      return state.following
    },
    get lookedAt() {
      return lookedAt
    },
    enter: (readSeq) => {
      readBefore = readSeq
      state.unreadFrom = undefined
      state.fresh = 0
    },
    follow: (on) => {
      state.following = on
      if (!on) return
      state.fresh = 0
      readSoon()
    },
    lookAt: (seq) => {
      lookedAt = seq
    },
    meet: (message) => {
      if (!message.mine && !state.following) state.fresh++
    },
    findUnread: () => {
      state.unreadFrom ??= firstUnread()
    },
    unreadAbove: () => {
      const first = window.edge('older')
      const above = first !== undefined && first > readBefore + 1
      return above && state.unreadFrom === undefined && readBefore < host.newestSeq() ? readBefore : undefined
    },
    readSoon: () => {
      if (state.following) readSoon()
    },
  }
}
