// Pointing at messages: with the mouse, with a finger, and with the keyboard.
import type { Virtualizer } from '@tanstack/vue-virtual'
import { nextTick, ref, watch, type Ref } from 'vue'
import type { Message, Timeline } from '../../model'

const rowOf = (target: EventTarget | null): HTMLElement | undefined =>
  (target instanceof Element ? target.closest<HTMLElement>('[data-id]') : null) ?? undefined

/** Keys that scroll far. */
const LEAPS = new Set(['PageUp', 'PageDown', 'Home', 'End'])

export const useRowFocus = ({ scroller, virtualizer, version, timeline, hasMenu, escape }: {
  scroller: Readonly<Ref<HTMLElement | null>>
  virtualizer: Virtualizer<HTMLElement, HTMLElement>
  /** Changes when other rows are drawn. */
  version: Readonly<Ref<number>>
  timeline: Timeline
  hasMenu: (message: Message) => boolean
  escape: () => void
}) => {
  /** The message under the mouse. */
  const activeId = ref('')

  const messageOf = (row: HTMLElement | undefined): Message | undefined =>
    row && timeline.messages.find(({ id }) => id === row.dataset['id'])

  const activate = (event: PointerEvent): void => {
    if (event.pointerType !== 'mouse') return
    const id = rowOf(event.target)?.dataset['id'] ?? ''
    if (id !== activeId.value) activeId.value = id
  }

  /** The message that a menu is asked for. Links and chosen text keep the browser's own menu. */
  const aim = (event: Event): Message | undefined => {
    const touch = event instanceof PointerEvent && event.type === 'pointerdown'
    if (touch && event.pointerType === 'mouse') return undefined
    const target = event.target instanceof Element ? event.target : undefined
    const message = messageOf(rowOf(event.target))
    const chosen = !touch && (getSelection()?.toString() ?? '') !== '' && event instanceof MouseEvent && event.button === 2
    const own = target?.closest('a.link[target]') !== null && target !== undefined
    if (message && hasMenu(message) && !chosen && !own) return message
    // A long press on nothing is none; what had the focus loses it, as it would have.
    if (touch && event.cancelable) {
      event.preventDefault()
      if (document.activeElement instanceof HTMLElement) document.activeElement.blur()
    } else if (!touch) event.stopPropagation()
    return undefined
  }

  /** The row to which a key led. */
  let chosen: HTMLElement | undefined
  const focusRow = async (index: number): Promise<void> => {
    virtualizer.scrollToIndex(index, { align: 'auto' })
    await nextTick()
    const id = timeline.messages[index]?.id ?? ''
    chosen = scroller.value?.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"]`) ?? undefined
    chosen?.focus({ preventScroll: true })
  }
  // A row that is scrolled away is not drawn any more: the focus stays in the log.
  watch(
    version,
    () => {
      if (!chosen || chosen.isConnected) return
      chosen = undefined
      if (document.activeElement === document.body) scroller.value?.focus({ preventScroll: true })
    },
    { flush: 'post' },
  )

  const onKey = (event: KeyboardEvent): void => {
    const row = rowOf(document.activeElement)
    // Keys of what is within a row are its own.
    if (event.target !== row && event.target !== scroller.value) return
    const last = timeline.messages.length - 1
    const step = event.key === 'ArrowUp' ? -1 : event.key === 'ArrowDown' ? 1 : 0
    if (step !== 0 && last >= 0) {
      event.preventDefault()
      // One begins where one reads, with the last row in sight.
      const to = row ? timeline.messages.findIndex(({ id }) => id === row.dataset['id']) + step : (virtualizer.range?.endIndex ?? last)
      void focusRow(Math.min(Math.max(to, 0), last))
    } else if (row && LEAPS.has(event.key)) {
      // Where the list goes, one begins anew with what is in sight.
      scroller.value?.focus({ preventScroll: true })
    } else if (row && (event.key === 'Enter' || event.key === ' ')) {
      event.preventDefault()
      const bubble = (row.querySelector('.bubble') ?? row).getBoundingClientRect()
      row.dispatchEvent(new MouseEvent('contextmenu', { bubbles: true, cancelable: true, clientX: bubble.left + 12, clientY: bubble.bottom }))
    } else if (event.key === 'Escape') escape()
  }

  return { activeId, activate, aim, onKey, messageOf }
}
