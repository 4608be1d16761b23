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

interface Word {
  from: string
  says: 'lead' | 'resign'
}

/**
 * Pages without TLS have no locks: there the leader says every second that it is there, and whoever hears nothing for a while takes its
 * place. Of two leaders the one with the smaller name stays.
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
  const wait = (): void => {
    clearTimeout(silence)
    silence = setTimeout(take, SILENCE * (0.5 + Math.random() / 2))
  }
  channel.addEventListener('message', (message: MessageEvent<Word>) => {
    if (!calls) return
    const { from, says } = message.data
    if (leading) {
      // The other one hears this and waits.
      if (says === 'lead' && name < from) say('lead')
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
      wait()
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

/** Says to the others, for as long as this tab lives, that it does. */
export const beAlive = (name: string): void => {
  const { locks } = navigator as { locks?: LockManager }
  locks?.request(TAB + name, () => new Promise<void>(() => undefined)).catch(() => undefined)
}

/** The tabs that live, this one included; none of the others are known where there are no locks. */
export const aliveTabs = async (): Promise<Set<string>> => {
  const { locks } = navigator as { locks?: LockManager }
  const held = (await locks?.query())?.held ?? []
  const names = held.map((lock) => lock.name ?? '').filter((lock) => lock.startsWith(TAB))
  return new Set(names.map((lock) => lock.slice(TAB.length)))
}

export const createLeadership = (name: string): Leadership => {
  const { locks } = navigator as { locks?: LockManager }
  return locks ? byLock(locks) : byWord(name, new BroadcastChannel('hongyan-leader'))
}
