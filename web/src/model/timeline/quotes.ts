// Messages that others answer to, and that are outside the window: fetched in the background when they are drawn.
import { shallowReactive } from '@vue/reactivity'

import { changed, type ChangeEvent, type Message } from '../message'
import type { History } from './history'

export interface Quotes {
  /** Undefined while it is on its way, and for good when it is not there any more. */
  get: (seq: number) => Message | undefined
  change: (event: ChangeEvent) => void
}

export const createQuotes = (history: History, me: () => string): Quotes => {
  const quotes = shallowReactive(new Map<number, Message | undefined>())

  const ask = async (seq: number): Promise<void> => {
    if (quotes.has(seq)) return
    quotes.set(seq, undefined)
    try {
      const message = await history.message(seq)
      if (message) quotes.set(seq, message)
    } catch {
      // The next time that it is drawn it is asked for again.
      quotes.delete(seq)
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
