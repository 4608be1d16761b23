// What happens at the edges of the timeline: loading on, following the end, and a list that changes its size.
import { onBeforeUnmount, onMounted, watch, type Ref } from 'vue'
import type { Timeline } from '../../model'
import type { EndAnchored } from './endAnchored'

/** Rows before the end of what is loaded at which more is asked for. */
const AHEAD = 50

export const useEdges = ({ scroller, list, timeline, placed, seeing, atViewEnd, width }: {
  scroller: Readonly<Ref<HTMLElement | null>>
  list: EndAnchored
  timeline: Timeline
  placed: Readonly<Ref<boolean>>
  /** The reader can see what comes. */
  seeing: Readonly<Ref<boolean>>
  atViewEnd: Readonly<Ref<boolean>>
  width: Ref<number>
}): void => {
  const { virtualizer, version } = list

  let waiting = 0
  const loadOn = (): void => {
    const { range } = virtualizer
    cancelAnimationFrame(waiting)
    if (!placed.value || !range || timeline.loading !== 'none' || timeline.failed) return
    // What comes above would carry the reader to another row than the one that the list is on its way to.
    if (list.underWay()) {
      waiting = requestAnimationFrame(loadOn)
      return
    }
    if (range.startIndex < AHEAD && !timeline.atStart) void timeline.loadOlder()
    else if (range.endIndex > timeline.messages.length - 1 - AHEAD && !timeline.atEnd) void timeline.loadNewer()
  }
  watch([version, placed, () => timeline.loading], loadOn, { flush: 'post' })
  watch(version, () => {
    if (virtualizer.isScrolling || !placed.value) return
    const item = virtualizer.getVirtualItemForOffset(virtualizer.scrollOffset ?? 0)
    timeline.lookAt(atViewEnd.value ? undefined : item && timeline.messages[item.index]?.seq)
  })

  watch(
    () => placed.value && atViewEnd.value && timeline.atEnd && seeing.value,
    (on) => timeline.follow(on),
    { flush: 'post' },
  )

  let height = 0
  const observer = new ResizeObserver(() => {
    const element = scroller.value
    if (!element) return
    const { clientHeight, clientWidth } = element
    // The last lines stay in sight when the composer grows or a keyboard comes.
    if (height > 0 && clientHeight !== height && placed.value) {
      if (atViewEnd.value) virtualizer.scrollToEnd()
      else {
        // Not by a command of the list: while one is under way, a page that comes above moves what is read.
        element.scrollTop += height - clientHeight
        virtualizer.scrollOffset = element.scrollTop
      }
    }
    height = clientHeight
    if (clientWidth === width.value) return
    const item = virtualizer.getVirtualItemForOffset(virtualizer.scrollOffset ?? 0)
    const above = item ? (virtualizer.scrollOffset ?? 0) - item.start : 0
    width.value = clientWidth
    if (!placed.value) return
    const wasAtEnd = atViewEnd.value
    list.remeasure()
    if (wasAtEnd) virtualizer.scrollToEnd()
    else if (item) {
      const now = virtualizer.measurementsCache[timeline.messages.findIndex(({ id }) => id === item.key)]
      if (now) virtualizer.scrollToOffset(now.start + Math.min(above, now.size))
    }
  })
  onMounted(() => {
    if (!scroller.value) return
    width.value = scroller.value.clientWidth
    observer.observe(scroller.value)
  })
  onBeforeUnmount(() => {
    observer.disconnect()
    cancelAnimationFrame(waiting)
  })
}
