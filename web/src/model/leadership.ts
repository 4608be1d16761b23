// Which of a browser's tabs holds the socket: exactly one of those that share a login.

export interface Leadership {
  /** Calls `lead` when this tab is the one, and `yieldTo` when it turns out that another one is; until `resign`. */
  campaign: (lead: () => void, yieldTo: () => void) => void
  resign: () => void
}

const NAME = 'hongyan-socket'

/** The browser passes the lock on when its holder closes, crashes or lets go. */
const byLock = (locks: LockManager): Leadership => {
  let release: (() => void) | undefined
  let abort: AbortController | undefined
  return {
    campaign: (lead) => {
      abort = new AbortController()
      const held = locks.request(NAME, { signal: abort.signal }, () => {
        lead()
        return new Promise<void>((resolve) => {
          release = resolve
        })
      })
      held.catch(() => undefined)
    },
    resign: () => {
      abort?.abort()
      release?.()
      release = undefined
    },
  }
}

const BEAT = 1_000
const SILENCE = 3_500

/** How long an answer may take, in ms. */
const ANSWER = 300

interface Word {
  from: string
  says: 'lead' | 'resign' | 'ask'
}

/**
 * Pages without TLS have no locks: there the leader says every second that it is there. Whoever hears nothing for a while asks, as
 * browsers hold the clocks of hidden pages back, and takes its place when no answer comes. Of two leaders the one with the smaller name
 * stays.
 */
const byWord = (name: string, channel: BroadcastChannel): Leadership => {
  let leading = false
  let beat: ReturnType<typeof setInterval> | undefined
  let silence: ReturnType<typeof setTimeout> | undefined
  let calls: { lead: () => void; yieldTo: () => void } | undefined
  const say = (says: Word['says']): void => channel.postMessage({ from: name, says } satisfies Word)
  const take = (): void => {
    leading = true
    say('lead')
    beat = setInterval(() => say('lead'), BEAT)
    calls?.lead()
  }
  const step = (yieldTo: () => void): void => {
    leading = false
    clearInterval(beat)
    yieldTo()
    wait()
  }
  const ask = (): void => {
    clearTimeout(silence)
    silence = setTimeout(take, ANSWER)
    say('ask')
  }
  const wait = (): void => {
    clearTimeout(silence)
    silence = setTimeout(ask, SILENCE * (0.5 + Math.random() / 2))
  }
  channel.addEventListener('message', (message: MessageEvent<Word>) => {
    if (!calls) return
    const { from, says } = message.data
    if (leading) {
      // The other one hears this and waits.
      if (says === 'ask' || (says === 'lead' && name < from)) say('lead')
      else if (says === 'lead') step(calls.yieldTo)
    } else if (says === 'resign') {
      clearTimeout(silence)
      silence = setTimeout(take, Math.random() * 200)
    } else {
      wait()
    }
  })
  return {
    campaign: (lead, yieldTo) => {
      calls = { lead, yieldTo }
      ask()
    },
    resign: () => {
      calls = undefined
      clearTimeout(silence)
      clearInterval(beat)
      if (leading) say('resign')
      leading = false
    },
  }
}

const TAB = 'hongyan-tab-'

/** Says to the others, for as long as this tab lives, that it does; calls `said` once it is said. */
export const beAlive = (name: string, said: () => void): void => {
  const { locks } = navigator as { locks?: LockManager }
  const forever = (): Promise<void> => {
    said()
    return new Promise(() => undefined)
  }
  locks?.request(TAB + name, forever).catch(() => undefined)
}

/** Resolves when that tab lives no more; never where there are no locks. */
export const tabGone = async (name: string): Promise<void> => {
  const { locks } = navigator as { locks?: LockManager }
  await (locks?.request(TAB + name, { mode: 'shared' }, () => undefined) ?? new Promise<void>(() => undefined))
}

/** Does `job` while no other tab does one. */
export const alone = async (job: () => Promise<void>): Promise<void> => {
  const { locks } = navigator as { locks?: LockManager }
  await (locks ? locks.request('hongyan-alone', job) : job())
}

/** The tabs that live, this one included; none of the others are known where there are no locks. */
export const aliveTabs = async (): Promise<Set<string>> => {
  const { locks } = navigator as { locks?: LockManager }
  const held = (await locks?.query())?.held ?? []
  // Shared by those who waited for the end of the tab.
  const own = held.filter(({ mode }) => mode === 'exclusive')
  const names = own.map((lock) => lock.name ?? '').filter((lock) => lock.startsWith(TAB))
  return new Set(names.map((lock) => lock.slice(TAB.length)))
}

export const createLeadership = (name: string): Leadership => {
  const { locks } = navigator as { locks?: LockManager }
  return locks ? byLock(locks) : byWord(name, new BroadcastChannel('hongyan-leader'))
}
