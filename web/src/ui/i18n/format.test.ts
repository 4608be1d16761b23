// Times and sizes in both languages.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { i18n } from './language'

const at = (text: string): number => new Date(text).getTime()

/** A page that is opened at that time. */
const openAt = async (text: string) => {
  vi.setSystemTime(at(text))
  vi.resetModules()
  const language = await import('./language')
  language.i18n.global.locale.value = i18n.global.locale.value
  return import('./format')
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
  i18n.global.locale.value = 'en'
})

describe('times in English', () => {
  it('are shorter the nearer they are', async () => {
    const { formatListTime } = await openAt('2026-11-23T14:00:00')
    expect(formatListTime(at('2026-11-23T09:05:00'))).toBe('09:05')
    expect(formatListTime(at('2026-11-22T23:59:00'))).toBe('Yesterday')
    expect(formatListTime(at('2026-11-19T12:00:00'))).toBe('Thu')
    expect(formatListTime(at('2026-03-01T12:00:00'))).toBe('Mar 1')
    expect(formatListTime(at('2024-03-01T12:00:00'))).toBe('03/01/2024')
  })

  it('are told as days in dividers', async () => {
    const { formatDay } = await openAt('2026-11-23T00:00:30')
    expect(formatDay(at('2026-11-23T00:00:10'))).toBe('Today')
    expect(formatDay(at('2026-11-22T23:59:00'))).toBe('Yesterday')
    expect(formatDay(at('2026-11-19T12:00:00'))).toBe('Thursday')
    expect(formatDay(at('2025-11-19T12:00:00'))).toBe('November 19, 2025')
  })

  it('that are a little ahead of this clock are of today', async () => {
    const { formatListTime } = await openAt('2026-11-23T23:59:59')
    expect(formatListTime(at('2026-11-24T00:00:03'))).toBe('00:00')
  })
})

describe('times in Chinese', () => {
  it('are as one says them', async () => {
    i18n.global.locale.value = 'zh-CN'
    const { formatDay, formatListTime } = await openAt('2026-11-23T14:00:00')
    expect(formatListTime(at('2026-11-22T10:00:00'))).toBe('昨天')
    expect(formatListTime(at('2026-11-19T10:00:00'))).toBe('周四')
    expect(formatListTime(at('2026-03-01T10:00:00'))).toBe('3月1日')
    expect(formatDay(at('2026-11-23T10:00:00'))).toBe('今天')
    expect(formatDay(at('2025-03-01T10:00:00'))).toBe('2025年3月1日')
  })
})

it('today becomes yesterday on a page that stays open', async () => {
  const { formatDay } = await openAt('2026-11-23T23:30:00')
  const time = at('2026-11-23T12:00:00')
  expect(formatDay(time)).toBe('Today')
  vi.advanceTimersByTime(31 * 60_000)
  expect(formatDay(time)).toBe('Yesterday')
})

it('sizes have a unit that keeps them short', async () => {
  const { formatSize } = await openAt('2026-11-23T14:00:00')
  expect([0, 999, 1000, 4300, 18_000_000, 104_857_600].map(formatSize)).toEqual(['0 B', '999 B', '1 KB', '4.2 KB', '17 MB', '100 MB'])
})
