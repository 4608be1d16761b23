import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { closeToast, toasts, useToast } from './toast'

beforeEach(() => vi.useFakeTimers())
afterEach(() => {
  while (toasts[0]) closeToast(toasts[0].id)
  vi.useRealTimers()
})

it('the same words are said once, and stay as long as if they were said anew', () => {
  const toast = useToast()
  toast.info('saved')
  vi.advanceTimersByTime(3_000)
  toast.info('saved')
  vi.advanceTimersByTime(3_000)
  // Heard again by who does not see them.
  expect(toasts.map(({ text, times }) => [text, times])).toEqual([['saved', 2]])
  vi.advanceTimersByTime(1_000)
  expect(toasts).toHaveLength(0)
})

it('of many the newest three are there', () => {
  const toast = useToast()
  for (const text of ['one', 'two', 'three', 'four']) toast.info(text)
  expect(toasts.map(({ text }) => text)).toEqual(['two', 'three', 'four'])
})
