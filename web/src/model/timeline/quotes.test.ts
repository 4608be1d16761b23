import { computed, effect } from '@vue/reactivity'
import { afterEach, expect, test, vi } from 'vitest'

import { Refusal, Unreachable } from '../../client'
import type { Message } from '../message'
import type { History } from './history'
import { createQuotes } from './quotes'

/** Draws one quoted message, whose fetching does what `fetch` does; gives how often it was asked for. */
const draw = (fetch: () => Promise<Message | undefined>) => {
  const asked = vi.fn(fetch)
  const quotes = createQuotes({ message: asked } as unknown as History, () => 'ann')
  const shown = computed(() => quotes.get(7))
  // Drawn anew with every change, as a page does.
  effect(() => shown.value)
  return { asked, shown }
}

afterEach(() => vi.useRealTimers())

test('a quoted message that cannot be fetched is asked for seldom, and shown once it can', async () => {
  vi.useFakeTimers()
  let away = true
  const message = { seq: 7, msg: 'hello' } as Message
  const { asked, shown } = draw(() => (away ? Promise.reject(new Unreachable()) : Promise.resolve(message)))
  await vi.advanceTimersByTimeAsync(60_000)
  expect(asked.mock.calls.length).toBeLessThan(10)
  away = false
  await vi.advanceTimersByTimeAsync(15_000)
  expect(shown.value?.msg).toBe('hello')
})

test('a quoted message that is refused is not asked for again', async () => {
  vi.useFakeTimers()
  const { asked } = draw(() => Promise.reject(new Refusal('0206')))
  await vi.advanceTimersByTimeAsync(60_000)
  expect(asked).toHaveBeenCalledOnce()
})
