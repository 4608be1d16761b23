import { expect, test, vi } from 'vitest'

import { Refusal, Unreachable } from './error'
import { Resume, type LogEvent } from './resume'
import type { Cursor, Synced } from './wire'

const message = (seq: number): LogEvent => ({
  eventType: 'chat_f2f',
  fromUserId: 'bo',
  toUserId: 'ann',
  time: seq,
  data: { msg: `m${seq}`, msgId: `id${seq}`, seq },
})

/** A server whose log of the conversation with bo has `last` entries, and gives `page` of them at once. */
const server = (last: number, page = 500) => {
  const heard: number[] = []
  const asked: Cursor[][] = []
  const resynced: number[] = []
  const state = { last, failures: [] as Error[], arrived: true, gate: Promise.resolve() }
  const resume = new Resume({
    sync: async (cursors): Promise<Synced> => {
      asked.push(cursors)
      await state.gate
      const failure = state.failures.shift()
      if (failure) throw failure
      const list = cursors
        .filter(({ userId, seq }) => userId === 'bo' && seq < state.last)
        .map(({ seq }) => {
          const to = Math.min(seq + page, state.last)
          const events = Array.from({ length: to - seq }, (_, at) => message(seq + 1 + at))
          return { userId: 'bo', events, lastSeq: state.last, more: to < state.last }
        })
      return { epoch: 'e', list, resync: [], gone: [] }
    },
    arrived: () => state.arrived,
    entry: (_, event) => heard.push(event.data.seq ?? 0),
    resync: (_, seq) => resynced.push(seq),
    gone: () => undefined,
  })
  return { resume, heard, asked, resynced, state }
}

const upTo = (last: number, from = 1): number[] =>
  Array.from({ length: last - from + 1 }, (_, at) => from + at)

test('live entries are handed on once each', () => {
  const { resume, heard } = server(3)
  resume.reached('u:bo', 0)
  for (const seq of [1, 2, 2, 1, 3]) resume.hear('u:bo', message(seq))
  expect(heard).toEqual([1, 2, 3])
})

test('a gap is filled before what came after it', async () => {
  const { resume, heard } = server(6, 2)
  resume.reached('u:bo', 1)
  resume.hear('u:bo', message(6))
  expect(heard).toEqual([])
  await expect.poll(() => heard).toEqual([2, 3, 4, 5, 6])
})

test('a gap is read anew where asking what is missing would say that all before it has arrived', () => {
  const { resume, heard, asked, resynced, state } = server(6)
  state.arrived = false
  resume.reached('u:bo', 1)
  resume.hear('u:bo', message(6))
  expect([heard, resynced]).toEqual([[6], [6]])
  expect(asked).toEqual([])
})

test('what comes live while catching up waits its turn', async () => {
  const { resume, heard, state } = server(4)
  const opened: (() => void)[] = []
  state.gate = new Promise((resolve) => opened.push(resolve))
  resume.reached('u:bo', 1)
  const caughtUp = resume.catchUp(['u:bo'])
  resume.hear('u:bo', message(5))
  resume.hear('u:bo', message(4))
  for (const open of opened) open()
  await caughtUp
  expect(heard).toEqual([2, 3, 4, 5])
})

test('10,000 missed entries come in pages, each once', async () => {
  const { resume, heard, asked } = server(10_000)
  resume.reached('u:bo', 0)
  await resume.catchUp(['u:bo'])
  expect(heard).toEqual(upTo(10_000))
  expect(asked).toHaveLength(20)
})

test('cursors go in hundreds', async () => {
  const { resume, asked } = server(0)
  const keys = upTo(250).map((n) => `u:friend${n}` as const)
  for (const key of keys) resume.reached(key, 5)
  await resume.catchUp(keys)
  expect(asked.map((cursors) => cursors.length)).toEqual([100, 100, 50])
})

test('a server that is away leaves the place where it was, and nothing is asked for ever', async () => {
  const { resume, heard, asked, state } = server(3)
  state.failures = [new Refusal('0201')]
  resume.reached('u:bo', 1)
  resume.hear('u:bo', message(3))
  await expect.poll(() => asked.length).toBe(1)
  await resume.catchUp(['u:bo'])
  expect(heard).toEqual([2, 3])
  expect(asked).toHaveLength(2)
})

test('a passing failure is tried again', async () => {
  vi.useFakeTimers()
  const { resume, heard, state } = server(2)
  state.failures = [new Unreachable(), new Refusal('9996', { retryAfter: 5_000 })]
  resume.reached('u:bo', 0)
  const caughtUp = resume.catchUp(['u:bo'])
  await vi.runAllTimersAsync()
  await caughtUp
  vi.useRealTimers()
  expect(heard).toEqual([1, 2])
})

test('entries of conversations that keep nothing are handed on as they come', () => {
  const { resume, heard } = server(0)
  const live = message(1)
  const loose = { ...live, data: { ...live.data, seq: undefined } } as unknown as LogEvent
  resume.hear('u:bo', loose)
  resume.hear('u:bo', loose)
  expect(heard).toEqual([0, 0])
})
