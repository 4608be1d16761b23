// Whether a time has come, for what is computed: it is computed again when it does.
import { shallowRef } from '@vue/reactivity'

/** Timers of browsers take no longer waits. */
const LONGEST = 3_600_000

const now = shallowRef(Date.now())
let timer: ReturnType<typeof setTimeout> | undefined
let next = Infinity

const wake = (): void => {
  timer = undefined
  next = Infinity
  now.value = Date.now()
}

/** Whether `time` (ms since 1970, by this machine) is yet to come. */
export const isAhead = (time: number): boolean => {
  const at = Math.max(now.value, Date.now())
  if (time <= at) return false
  if (time < next) {
    clearTimeout(timer)
    next = time
    timer = setTimeout(wake, Math.min(time - at, LONGEST))
  }
  return true
}
