import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { computed } from '@vue/reactivity'

beforeEach(() => vi.useFakeTimers({ now: 1_000_000 }))
afterEach(() => {
  vi.useRealTimers()
  vi.resetModules()
})

test('who asked whether a time is ahead hears when it is not any more, each at their time', async () => {
  const { isAhead } = await import('./clock')
  const soon = computed(() => isAhead(1_005_000))
  const sooner = computed(() => isAhead(1_002_000))
  const late = computed(() => isAhead(1_000_000 + 90 * 86_400_000))
  expect([soon.value, sooner.value, late.value]).toEqual([true, true, true])
  vi.advanceTimersByTime(2_000)
  expect([soon.value, sooner.value, late.value]).toEqual([true, false, true])
  vi.advanceTimersByTime(3_000)
  expect([soon.value, sooner.value, late.value]).toEqual([false, false, true])
  vi.advanceTimersByTime(91 * 86_400_000)
  expect(late.value).toBe(false)
})

test('what is over is over, and asks for no timer', async () => {
  const { isAhead } = await import('./clock')
  expect(isAhead(1_000_000)).toBe(false)
  expect(vi.getTimerCount()).toBe(0)
})
