// What could not be loaded of a timeline is asked for again by itself, after growing pauses, for as long as one looks at it.
import { onScopeDispose, watch } from 'vue'
import { Backoff } from '../../client'
import type { Timeline } from '../../model'
import { useModel } from '../model'

export const useRetry = (timeline: Timeline): void => {
  const { connection } = useModel()
  const pauses = new Backoff()
  let timer: ReturnType<typeof setTimeout> | undefined
  watch(
    // Where there is no connection, the next one asks.
    () => timeline.failed && timeline.loading === 'none' && connection.state === 'open',
    (waits) => {
      clearTimeout(timer)
      if (waits) timer = setTimeout(() => void timeline.again(), pauses.next())
      else if (!timeline.failed) pauses.reset()
    },
    { immediate: true },
  )
  onScopeDispose(() => clearTimeout(timer))
}
