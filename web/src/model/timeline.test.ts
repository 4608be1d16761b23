import { expect, test, vi } from 'vitest'

import { Refusal, Unreachable } from '../client'
import { createOutbox } from './outbox'
import { createTestContext, createTestServer, ME, PEER } from './testing'
import { createTimeline, type TimelineControl } from './timeline'

const KEY = 'u:bo'

const open = async (messages: number) => {
  const server = createTestServer()
  server.add(PEER, messages)
  const context = createTestContext(server)
  const timelines = new Map<string, TimelineControl>()
  const outbox = createOutbox(
    context,
    (key) => timelines.get(key),
    () => undefined,
  )
  const read = vi.fn()
  const timeline = createTimeline(KEY, context, {
    outbox,
    cursor: () => server.log.length,
    newestSeq: () => server.log.length,
    peerReadSeq: () => 0,
    read,
  })
  timelines.set(KEY, timeline)
  timeline.enter(messages)
  await expect.poll(() => timeline.loading).toBe('none')
  return { server, context, timeline, outbox, read }
}

const seqs = (timeline: TimelineControl): (number | undefined)[] =>
  timeline.messages.map(({ seq }) => seq)
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at)

test('it opens with the newest page, and goes back to the first message', async () => {
  const { timeline } = await open(120)
  expect(seqs(timeline)).toEqual(range(71, 120))
  expect([timeline.atStart, timeline.atEnd]).toEqual([false, true])
  await timeline.loadOlder()
  await timeline.loadOlder()
  expect(seqs(timeline)).toEqual(range(1, 120))
  expect(timeline.atStart).toBe(true)
})

test('the window has a bound at either end, and loses nothing', async () => {
  const { timeline } = await open(3_000)
  while (!timeline.atStart) await timeline.loadOlder()
  expect(seqs(timeline)).toEqual(range(1, 1_000))
  expect(timeline.atEnd).toBe(false)
  while (!timeline.atEnd) await timeline.loadNewer()
  expect(seqs(timeline)).toEqual(range(2_001, 3_000))
})

test('what arrives while a page is on its way is there once', async () => {
  const { server, timeline } = await open(60)
  server.before = () => {
    server.before = () => Promise.resolve()
    for (const event of server.add(PEER, 2)) timeline.apply(event)
    return Promise.resolve()
  }
  await timeline.reload()
  expect(seqs(timeline)).toEqual(range(13, 62))
})

test('away from the end new messages are counted, and fetched on the way down', async () => {
  const { server, timeline } = await open(500)
  expect(await timeline.around(100)).toBe(true)
  expect([timeline.atStart, timeline.atEnd]).toEqual([false, false])
  for (const event of server.add(PEER, 3)) timeline.apply(event)
  expect(timeline.fresh).toBe(3)
  expect(seqs(timeline)).not.toContain(503)
  await timeline.toEnd()
  expect(seqs(timeline).at(-1)).toBe(503)
})

test('a jump to what is not there changes nothing', async () => {
  const { timeline } = await open(60)
  expect(await timeline.around(1_000)).toBe(false)
  expect(seqs(timeline)).toEqual(range(11, 60))
})

test('an own message keeps its name from the first moment to the confirmation', async () => {
  const { timeline } = await open(1)
  timeline.send({ msg: 'hi' })
  const [, pending] = timeline.messages
  expect(pending).toMatchObject({ state: 'sending', seq: undefined, mine: true })
  await expect.poll(() => timeline.messages[1]?.state).toBe('sent')
  expect(timeline.messages[1]).toMatchObject({ id: pending?.id, seq: 2 })
})

test('an own message that the server tells before its answer is shown once', async () => {
  const { server, timeline } = await open(1)
  server.before = async (path) => {
    if (path !== '/ws/chat/send_msg') return
    timeline.apply({
      eventType: 'chat_f2f',
      fromUserId: ME,
      toUserId: PEER,
      time: 2,
      data: { msg: 'hi', msgId: 'id2', seq: 2 },
    })
  }
  timeline.send({ msg: 'hi' })
  const id = timeline.messages[1]?.id
  await expect.poll(() => server.log.length).toBe(2)
  await expect.poll(() => timeline.messages.map((message) => message.id)).toEqual(['s1', id])
})

test('messages are sent in order and once, though answers get lost', async () => {
  vi.useFakeTimers()
  const { server, timeline } = await open(0)
  server.failures.set('/ws/chat/send_msg', [
    new Unreachable(),
    new Refusal('9996', { retryAfter: 3_000 }),
    new Refusal('9998'),
  ])
  for (const msg of ['one', 'two', 'three']) timeline.send({ msg })
  await vi.runAllTimersAsync()
  vi.useRealTimers()
  expect(server.log.map(({ msg }) => msg)).toEqual(['one', 'two', 'three'])
  expect(timeline.messages.map(({ msg, state }) => [msg, state])).toEqual([
    ['one', 'sent'],
    ['two', 'sent'],
    ['three', 'sent'],
  ])
})

test('what is written offline goes out when the server is back', async () => {
  const { server, context, timeline, outbox } = await open(0)
  context.state.state = 'waiting'
  timeline.send({ msg: 'later' })
  await expect.poll(() => context.cache.unsent()).toHaveLength(1)
  expect(server.log).toEqual([])
  context.state.state = 'open'
  outbox.wake()
  await expect.poll(() => timeline.messages[0]?.state).toBe('sent')
  await expect.poll(() => context.cache.unsent()).toEqual([])
})

test('a refused message says why, does not hold up the next, and can be sent again', async () => {
  const { server, timeline } = await open(0)
  server.failures.set('/ws/chat/send_msg', [new Refusal('0001')])
  timeline.send({ msg: 'refused' })
  timeline.send({ msg: 'next' })
  await expect.poll(() => timeline.messages.map(({ state }) => state)).toEqual(['sent', 'failed'])
  const failed = timeline.messages[1]
  expect(failed?.error).toBe('0001')
  timeline.retry(failed?.id ?? '')
  await expect.poll(() => server.log.map(({ msg }) => msg)).toEqual(['next', 'refused'])
})

test('who follows at the end has read what comes; who does not, has not', async () => {
  const { server, timeline, read } = await open(3)
  for (const event of server.add(PEER)) timeline.apply(event)
  timeline.follow(true)
  await expect.poll(() => read.mock.calls.at(-1)).toEqual([4])
  expect(timeline.fresh).toBe(0)
})

test('the first unread message is known when it is loaded', async () => {
  const { timeline } = await open(80)
  timeline.enter(40)
  await timeline.loadOlder()
  expect(timeline.unreadFrom).toBe(41)
})
