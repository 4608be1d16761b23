// Work that waits until the browser has nothing else to do.

/** Safari does not tell when it is idle: there it is after the next picture. */
export const whenIdle = (job: () => void): void => {
  if ('requestIdleCallback' in window) requestIdleCallback(job)
  else requestAnimationFrame(() => setTimeout(job))
}
