import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { createLeadership } from './leadership'

/** Channels of one browser; what is said is heard by the others at once. */
class Channel extends EventTarget {
  static readonly all: Channel[] = []
  constructor() {
    super()
    Channel.all.push(this)
  }
  postMessage(data: unknown): void {
    for (const other of Channel.all) if (other !== this) other.dispatchEvent(new MessageEvent('message', { data }))
  }
}

beforeEach(() => {
  vi.useFakeTimers()
  // A page without TLS: no locks.
  vi.stubGlobal('navigator', {})
  vi.stubGlobal('BroadcastChannel', Channel)
  Channel.all.length = 0
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

/** A tab that runs for the socket; `said` is what became of it. */
const tab = (name: string) => {
  const said: string[] = []
  const leadership = createLeadership(name)
  leadership.campaign(() => said.push('leads'), () => said.push('yields'))
  return { said, leadership }
}

test('without locks the first tab leads at once, and the next one when it resigns', () => {
  const first = tab('b')
  vi.advanceTimersByTime(400)
  expect(first.said).toEqual(['leads'])
  const second = tab('a')
  vi.advanceTimersByTime(60_000)
  expect(second.said).toEqual([])
  first.leadership.resign()
  vi.advanceTimersByTime(1_000)
  expect(second.said).toEqual(['leads'])
})

test('without locks a leader whose clock the browser holds back keeps its place, as it answers', () => {
  const beat = vi.spyOn(globalThis, 'setInterval').mockReturnValue(0 as never)
  const hidden = tab('b')
  vi.advanceTimersByTime(400)
  beat.mockRestore()
  const other = tab('a')
  vi.advanceTimersByTime(60_000)
  expect([hidden.said, other.said]).toEqual([['leads'], []])
})

test('without locks a leader that is gone without a word is followed by another', () => {
  const beats = vi.spyOn(globalThis, 'setInterval')
  tab('b')
  vi.advanceTimersByTime(400)
  const [beat] = beats.mock.results
  const other = tab('a')
  vi.advanceTimersByTime(10_000)
  expect(other.said).toEqual([])
  // It crashes: it says nothing, and answers nothing.
  clearInterval(beat?.value as number)
  Channel.all.shift()
  vi.advanceTimersByTime(5_000)
  expect(other.said).toEqual(['leads'])
})
