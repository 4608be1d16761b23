// Short words that come and go at the edge of the page.
import { shallowReactive } from 'vue'
import { explain } from '../i18n'

export interface Toast {
  id: number
  text: string
  kind: 'info' | 'error'
  /** How often it was said. */
  times: number
  action: { label: string; run: () => void } | undefined
}
export interface ToastOptions {
  action?: { label: string; run: () => void }
  /** In ms; 0 stays until it is closed. */
  stay?: number
}

/** Toasts at once; the oldest gives way. */
const MOST = 3

export const toasts = shallowReactive<Toast[]>([])
const timers = new Map<number, ReturnType<typeof setTimeout>>()
let nextId = 1

export const closeToast = (id: number): void => {
  clearTimeout(timers.get(id))
  timers.delete(id)
  const index = toasts.findIndex((toast) => toast.id === id)
  if (index >= 0) toasts.splice(index, 1)
}

const show = (kind: Toast['kind'], text: string, options: ToastOptions): void => {
  // The same words twice would say nothing new: they stay for longer.
  const at = toasts.findIndex((toast) => toast.text === text)
  const before = toasts[at]
  const id = before?.id ?? nextId++
  const toast = { id, kind, text, times: (before?.times ?? 0) + 1, action: options.action }
  if (at >= 0) toasts[at] = toast
  else {
    if (toasts.length >= MOST) closeToast(toasts[0]?.id ?? 0)
    toasts.push(toast)
  }
  clearTimeout(timers.get(id))
  const stay = options.stay ?? (options.action || kind === 'error' ? 7000 : 3500)
  if (stay > 0) timers.set(id, setTimeout(() => closeToast(id), stay))
}

export const useToast = () => ({
  info: (text: string, options: ToastOptions = {}): void => show('info', text, options),
  /** Takes an error as it was caught, or words. */
  error: (error: unknown, options: ToastOptions = {}): void =>
    show('error', typeof error === 'string' ? error : explain(error), options),
})
