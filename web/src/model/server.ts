// What the server says of itself: its bounds, and what time it is there.
import { shallowReactive } from '@vue/reactivity'

import type { Limits, Ready } from '../client'
import type { Cache, Kept } from './cache'

export interface ServerFacts {
  /** Undefined until it has been told once. */
  readonly limits: Limits | undefined
  /** A time of the server's, by the clock of this machine; both in ms since 1970. */
  here: (time: number) => number
}

export interface ServerFactsControl extends ServerFacts {
  /** `at`: when it was heard, by the clock of this machine. */
  learn: (ready: Ready, at: number) => void
  restore: (kept: Kept) => void
}

export const createServerFacts = (cache: Cache): ServerFactsControl => {
  const state = shallowReactive({ limits: undefined as Limits | undefined, ahead: 0 })
  return {
    get limits() {
      return state.limits
    },
    here: (time) => time - state.ahead,
    learn: ({ limits, serverTime }, at) => {
      state.ahead = serverTime - at
      state.limits = limits
      cache.keepList('limits', limits)
    },
    restore: (kept) => {
      state.limits ??= kept.list<Limits>('limits')
    },
  }
}
