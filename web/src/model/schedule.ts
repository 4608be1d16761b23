// Work that may wait for the next picture: many events, one pass.

export interface Schedule {
  /** Runs `job` once at the next opportunity, however often it is asked for until then. */
  soon: (job: () => void) => void
  /** Runs what waits, now. */
  flush: () => void
}

/** `next` calls back at the next opportunity: the page gives its animation frame. */
export const createSchedule = (next: (callback: () => void) => void): Schedule => {
  const jobs = new Set<() => void>()
  let asked = false
  const flush = (): void => {
    asked = false
    const now = [...jobs]
    jobs.clear()
    for (const job of now) job()
  }
  return {
    soon: (job) => {
      jobs.add(job)
      if (asked) return
      asked = true
      next(flush)
    },
    flush,
  }
}

/** Calls `job` once, `wait` ms after the last time that it was asked for. */
export const debounce = (wait: number, job: () => void): (() => void) & { cancel: () => void } => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const ask = (): void => {
    clearTimeout(timer)
    timer = setTimeout(job, wait)
  }
  return Object.assign(ask, { cancel: () => clearTimeout(timer) })
}

/** Calls `job` once, `wait` ms after the first time that it was asked for. */
export const after = (wait: number, job: () => void): (() => void) => {
  let timer: ReturnType<typeof setTimeout> | undefined
  return () => {
    timer ??= setTimeout(() => {
      timer = undefined
      job()
    }, wait)
  }
}

/** Calls `job` at once, and from then on at most every `wait` ms for as long as it is asked for. */
export const throttle = (wait: number, job: () => void): (() => void) & { cancel: () => void } => {
  let timer: ReturnType<typeof setTimeout> | undefined
  let again = false
  const run = (): void => {
    again = false
    timer = setTimeout(() => {
      timer = undefined
      if (again) run()
    }, wait)
    job()
  }
  const ask = (): void => {
    if (timer === undefined) run()
    else again = true
  }
  return Object.assign(ask, {
    cancel: () => {
      clearTimeout(timer)
      timer = undefined
      again = false
    },
  })
}
