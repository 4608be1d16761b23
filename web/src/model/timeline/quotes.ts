// Messages that others answer to, and that are outside the window: fetched in the background when they are drawn.
import { shallowReactive } from '@vue/reactivity'

import { isPassing } from '../../client'
import { changed, type ChangeEvent, type Message } from '../message'
import type { History } from './history'

/** How long to wait before one that could not be fetched is asked for again, in ms: longer each time, up to the last. */
const PAUSES = [500, 1_000, 2_000, 5_000, 15_000]

export interface Quotes {
  /** Undefined while it is on its way, and for good when it is not there any more. */
  get: (seq: number) => Message | undefined
  change: (event: ChangeEvent) => void
}

export const createQuotes = (history: History, me: () => string): Quotes => {
  const quotes = shallowReactive(new Map<number, Message | undefined>())
  let failures = 0

  const ask = async (seq: number): Promise<void> => {
    if (quotes.has(seq)) return
    quotes.set(seq, undefined)
    try {
      const message = await history.message(seq)
      failures = 0
      if (message) quotes.set(seq, message)
    } catch (error) {
      if (!isPassing(error)) return
      // Forgotten it is drawn anew, and asked for again.
      setTimeout(() => quotes.delete(seq), PAUSES[Math.min(failures++, PAUSES.length - 1)])
    }
  }

  return {
    get: (seq) => {
      const message = quotes.get(seq)
      // Not while a picture is being made: this is called from computed values.
      if (!quotes.has(seq)) queueMicrotask(() => void ask(seq))
      return message
    },
    change: (event) => {
      const { targetSeq } = event.data
      const message = quotes.get(targetSeq)
      if (message) quotes.set(targetSeq, changed(message, event, me()))
    },
  }
}
