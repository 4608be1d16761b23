// What lies above the page, as dialogs and pictures do: going back closes the uppermost, and leads elsewhere only after that.
import { onScopeDispose, shallowReactive, watch } from 'vue'

const closers = shallowReactive<(() => void)[]>([])

/** While `isOpen`, going back calls `close` instead. */
export const useOverlay = (isOpen: () => boolean, close: () => void): void => {
  const leave = (): void => {
    const at = closers.indexOf(close)
    if (at >= 0) closers.splice(at, 1)
  }
  watch(isOpen, (open) => void (open ? closers.push(close) : leave()), { immediate: true })
  onScopeDispose(leave)
}

/** Whether something lies above the page. */
export const isCovered = (): boolean => closers.length > 0

/** Closes the uppermost; false: there is none. */
export const closeUppermost = (): boolean => {
  const close = closers.at(-1)
  close?.()
  return close !== undefined
}
