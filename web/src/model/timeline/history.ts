// Pages of a conversation's history, from the server; the next one on the way is asked for before it is wanted.
import { LIMITS } from '../../client'
import type { Context } from '../context'
import { addressOf, type ConversationKey } from '../key'
import { fromWire, type Message } from '../message'
import type { Side } from './window'

const PAGE = 50
/** Messages that are loaded at a time while one scrolls. */
const MORE = LIMITS.longestPage
/** Messages on either side of the place that is jumped to. */
const AROUND = 40

export interface Page {
  list: Message[]
  /** Whether there is another page beyond it. */
  more: boolean
}

export interface History {
  newest: () => Promise<Page>
  /** What is beyond the message at `seq`: who scrolls fast does not wait for it a second time. */
  beyond: (side: Side, seq: number) => Promise<Page>
  /** What is up to `seq`, and what follows. */
  around: (seq: number) => Promise<{ older: Page; newer: Page }>
  /** Undefined: it is not there any more. */
  message: (seq: number) => Promise<Message | undefined>
  /** Something happened: the page that was asked for ahead may be of the time before. */
  forgetAhead: () => void
}

export const createHistory = (key: ConversationKey, { link, me }: Context): History => {
  /** The page beyond the last one, asked for before it is wanted. */
  let ahead: { side: Side; seq: number; page: Promise<Page> } | undefined

  const ask = async (place: { before?: number; after?: number }, limit: number): Promise<Page> => {
    const { list, more } = await link.call('/ws/chat/history', { ...addressOf(key), ...place, limit })
    return { list: list.map((wire) => fromWire(wire, me())), more }
  }
  const askBeyond = (side: Side, seq: number): Promise<Page> =>
    ask(side === 'older' ? { before: seq } : { after: seq }, MORE)

  const askAhead = (side: Side, seq: number): void => {
    const next = { side, seq, page: askBeyond(side, seq) }
    ahead = next
    // Nobody waits for it yet; when it is wanted it is asked for again.
    next.page.catch(() => {
      if (ahead === next) ahead = undefined
    })
  }
  const forgetAhead = (): void => {
    ahead = undefined
  }

  return {
    newest: () => {
      forgetAhead()
      return ask({}, PAGE)
    },
    beyond: async (side, seq) => {
      const asked = ahead?.side === side && ahead.seq === seq ? ahead.page : askBeyond(side, seq)
      forgetAhead()
      const page = await asked
      const edge = side === 'older' ? page.list[0]?.seq : page.list.at(-1)?.seq
      if (page.more && edge !== undefined) askAhead(side, edge)
      return page
    },
    around: async (seq) => {
      forgetAhead()
      const [older, newer] = await Promise.all([
        ask({ before: seq + 1 }, AROUND),
        ask({ after: seq }, AROUND),
      ])
      return { older, newer }
    },
    message: async (seq) => {
      const { list } = await ask({ before: seq + 1 }, 1)
      return list[0]?.seq === seq ? list[0] : undefined
    },
    forgetAhead,
  }
}
