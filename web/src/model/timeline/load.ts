// What is being loaded of a timeline: one thing at a time, and again if it failed.
import { shallowReactive } from '@vue/reactivity'

import type { LogEvent } from '../../client'
import type { Side } from './window'

export type Loading = 'none' | 'first' | Side

export interface Load {
  loading: Loading
  /** Whether the last one failed, until one succeeds. */
  readonly failed: boolean
  /** Fetches, then shows with what `fetch` gave. A newer one makes an older one's answer void. `again`: how to try it once more. */
  run: (what: Loading, fetch: () => Promise<() => void>, again: () => Promise<void>) => Promise<void>
  /** Tries the last one again if it failed. */
  again: () => Promise<void>
  /** An entry of the log came: what is on its way may be older than it is. */
  hear: (event: LogEvent) => void
}

export const createLoad = (on: {
  /** An entry that came meanwhile, after the answer was shown. */
  entry: (event: LogEvent) => void
  /** Nothing is on its way any more. */
  settled: () => void
}): Load => {
  const state = shallowReactive({ loading: 'none' as Loading, failed: false })
  let newest = 0
  /** Entries that came while the answer was on its way. */
  let arrived: LogEvent[] | undefined
  let retry: (() => Promise<void>) | undefined

  return {
    get loading() {
      return state.loading
    },
    set loading(what) {
      state.loading = what
    },
    get failed() {
      return state.failed
    },
    run: async (what, fetch, again) => {
      const mine = ++newest
      retry = again
      state.loading = what
      arrived = []
      try {
        const show = await fetch()
        if (mine !== newest) return
        show()
        state.failed = false
        const since = arrived
        arrived = undefined
        for (const event of since) on.entry(event)
      } catch {
        if (mine === newest) state.failed = true
      } finally {
        if (mine === newest) {
          arrived = undefined
          state.loading = 'none'
          on.settled()
        }
      }
    },
    again: async () => {
      if (state.failed) await retry?.()
    },
    hear: (event) => void arrived?.push(event),
  }
}
