import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { Connection, type ConnectionStatus, type Ending } from './connection'
import { Refusal, Unreachable } from './error'
import type { Event as WireEvent } from './wire'

class FakeSocket extends EventTarget {
  static all: FakeSocket[] = []
  sent: { reqId: number; path: string; data: unknown }[] = []
  constructor(readonly url: string) {
    super()
    FakeSocket.all.push(this)
  }
  send(text: string): void {
    this.sent.push(JSON.parse(text))
  }
  close(): void {}
  say(frame: unknown): void {
    this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(frame) }))
  }
  ready(): void {
    this.say({ eventType: 'ready', data: { heartbeatMs: 25_000, epoch: 'e' } })
  }
  end(code: number): void {
    this.dispatchEvent(Object.assign(new Event('close'), { code }))
  }
}

const latest = (): FakeSocket => {
  const socket = FakeSocket.all.at(-1)
  if (!socket) throw new Error('no socket was opened')
  return socket
}

const start = () => {
  const states: ConnectionStatus['state'][] = []
  const events: WireEvent[] = []
  const endings: Ending[] = []
  const connection = new Connection('ws://server/ws', {
    status: ({ state }) => states.push(state),
    ready: () => undefined,
    event: (event) => events.push(event),
    ended: (why) => endings.push(why),
  })
  connection.start()
  return { connection, states, events, endings }
}

beforeEach(() => {
  FakeSocket.all = []
  vi.useFakeTimers()
  vi.stubGlobal('WebSocket', FakeSocket)
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

test('calls are answered by their reqId, refusals with code and data', async () => {
  const { connection } = start()
  latest().ready()
  const first = connection.call('/ws/ping', {})
  const second = connection.call('/ws/chat/send_msg', { msg: 'hi' })
  const [one, two] = latest().sent.map(({ reqId }) => reqId)
  latest().say({ reqId: two, code: '0213', desc: 'muted', data: { until: 5 } })
  latest().say({ reqId: one, code: '0000', desc: '', data: { serverTime: 1 } })
  await expect(first).resolves.toEqual({ serverTime: 1 })
  await expect(second).rejects.toSatisfy(
    (error) => error instanceof Refusal && error.code === '0213',
  )
})

test('after a broken network it connects again, later each time, and at once when asked to', () => {
  const { connection, states } = start()
  latest().ready()
  latest().end(1006)
  expect(states.at(-1)).toBe('waiting')
  vi.advanceTimersByTime(500)
  expect(FakeSocket.all).toHaveLength(2)
  for (let tries = 0; tries < 10; tries++) {
    latest().end(1006)
    vi.advanceTimersToNextTimer()
  }
  expect(FakeSocket.all).toHaveLength(12)
  latest().end(1006)
  connection.tryNow()
  expect(FakeSocket.all).toHaveLength(13)
  latest().ready()
  connection.tryNow()
  expect(FakeSocket.all).toHaveLength(13)
})

test.each([
  [1008, 'session'],
  [4001, 'displaced'],
] as const)('close code %i ends it without another try', (code, why) => {
  const { endings, states } = start()
  latest().ready()
  latest().end(code)
  vi.advanceTimersByTime(600_000)
  expect(endings).toEqual([why])
  expect(states.at(-1)).toBe('off')
  expect(FakeSocket.all).toHaveLength(1)
})

test('calls under way reject when the socket ends', async () => {
  const { connection } = start()
  latest().ready()
  const call = connection.call('/ws/ping', {})
  latest().end(1001)
  await expect(call).rejects.toBeInstanceOf(Unreachable)
})

test('a server that falls silent is asked, and left when it does not answer', () => {
  const { states } = start()
  latest().ready()
  vi.advanceTimersByTime(30_000)
  expect(latest().sent.map(({ path }) => path)).toEqual(['/ws/ping'])
  latest().say({ reqId: 1, code: '0000', data: { serverTime: 1 } })
  vi.advanceTimersByTime(25_000)
  expect(states.at(-1)).toBe('open')
  vi.advanceTimersByTime(60_000)
  expect(states).toContain('waiting')
})

test('a connection that is doubted is left soon when nothing comes back', () => {
  const { connection, states } = start()
  latest().ready()
  connection.tryNow()
  latest().say({ reqId: 1, code: '0000', data: { serverTime: 1 } })
  vi.advanceTimersByTime(5_000)
  expect(states.at(-1)).toBe('open')
  connection.tryNow()
  vi.advanceTimersByTime(5_000)
  expect(states.at(-1)).toBe('waiting')
})

test('a socket that was given up says nothing any more', () => {
  const { connection, events } = start()
  const old = latest()
  old.ready()
  connection.stop()
  old.say({ eventType: 'friend_deleted', fromUserId: 'bo', toUserId: 'ann', time: 1 })
  expect(events).toEqual([])
})
