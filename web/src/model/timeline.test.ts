import { expect, test, vi } from 'vitest'

import { Refusal, Unreachable } from '../client'
import { createOutbox } from './outbox'
import { createTestContext, createTestServer, ME, PEER, type TestServer } from './testing'
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
    readSeq: () => messages,
    peerReadSeq: () => 0,
    untilDelivered: () => false,
    read,
  })
  timelines.set(KEY, timeline)
  timeline.enter(messages)
  await expect.poll(() => timeline.loading).toBe('none')
  return { server, context, timeline, outbox, read }
}

const seqs = (timeline: TimelineControl): (number | undefined)[] =>
  timeline.messages.map(({ seq }) => seq)
/** The `seq` that each page was asked for with, in order. */
const asked = (server: TestServer): unknown[] =>
  server.calls
    .filter(({ path }) => path === '/ws/chat/history')
    .map(({ data }) => data.before ?? (data.after === undefined ? 'newest' : `after ${String(data.after)}`))
/** Holds up the `nth` page that is asked for, until it is called. */
const holdUp = (server: TestServer, nth: number): (() => void) => {
  const waiting: (() => void)[] = []
  server.before = () =>
    asked(server).length === nth ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve()
  return () => {
    for (const letGo of waiting) letGo()
  }
}
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

test('the next page is asked for before it is wanted, and once', async () => {
  const { server, timeline } = await open(500)
  await timeline.loadOlder()
  expect(asked(server)).toEqual(['newest', 451, 351])
  await timeline.loadOlder()
  expect(asked(server)).toEqual(['newest', 451, 351, 251])
  expect(seqs(timeline)).toEqual(range(251, 500))
})

test('beyond the last page nothing is asked for', async () => {
  const { server, timeline } = await open(250)
  for (let page = 0; page < 5; page++) await timeline.loadOlder()
  await timeline.loadNewer()
  expect(asked(server)).toEqual(['newest', 201, 101])
  expect(seqs(timeline)).toEqual(range(1, 250))
})

test('a page that was asked for ahead is asked for again when something happened since', async () => {
  const { server, timeline } = await open(500)
  await timeline.loadOlder()
  for (const event of server.add(PEER)) timeline.apply(event)
  await timeline.loadOlder()
  expect(asked(server)).toEqual(['newest', 451, 351, 351, 251])
  expect(seqs(timeline)).toEqual(range(251, 501))
})

test('a page that was asked for ahead and did not come is asked for again', async () => {
  const { server, timeline } = await open(500)
  server.before = () => {
    if (asked(server).length === 3) server.failures.set('/ws/chat/history', [new Unreachable()])
    return Promise.resolve()
  }
  await timeline.loadOlder()
  expect(timeline.failed).toBe(false)
  await timeline.loadOlder()
  expect(asked(server)).toEqual(['newest', 451, 351, 351, 251])
  expect(seqs(timeline)).toEqual(range(251, 500))
})

test('a page that was asked for ahead is void after a jump, even when it comes late', async () => {
  const { server, timeline } = await open(900)
  const letGo = holdUp(server, 3)
  await timeline.loadOlder()
  const older = timeline.loadOlder()
  await timeline.around(400)
  letGo()
  await older
  expect(asked(server).slice(0, 5)).toEqual(['newest', 851, 751, 401, 'after 400'])
  expect(seqs(timeline)).toEqual(range(361, 440))
  await timeline.loadOlder()
  expect(seqs(timeline)).toEqual(range(261, 440))
  await timeline.loadNewer()
  expect(seqs(timeline)).toEqual(range(261, 540))
})

test('a page that was asked for ahead is not shown where the reader comes another way, as all may be another by then', async () => {
  const { server, timeline } = await open(700)
  await timeline.around(590)
  await timeline.loadOlder()
  // The reader was there, and is at the end again.
  timeline.lookAt(600)
  timeline.lookAt(undefined)
  // Restored from a backup.
  server.log.length = 500
  await timeline.reload()
  await timeline.loadOlder()
  expect(asked(server)).toEqual(['newest', 591, 'after 590', 551, 451, 'newest', 451, 351])

  await timeline.around(300)
  await timeline.loadNewer()
  timeline.lookAt(400)
  await timeline.reload()
  await timeline.loadNewer()
  expect(asked(server).slice(8)).toEqual([301, 'after 300', 'after 340', 'after 440', 401, 'after 400', 'after 440'])
})

test('a page that is on its way when the window is read anew is not shown', async () => {
  const { server, timeline } = await open(300)
  const letGo = holdUp(server, 2)
  const older = timeline.loadOlder()
  await timeline.reload()
  for (const event of server.add(PEER, 2)) timeline.apply(event)
  letGo()
  await older
  await expect.poll(() => seqs(timeline)).toEqual(range(251, 302))
  expect([timeline.atStart, timeline.atEnd, timeline.loading]).toEqual([false, true, 'none'])
})

test('a load that failed says so, changes nothing, and can be tried again', async () => {
  const { server, timeline } = await open(200)
  server.failures.set('/ws/chat/history', [new Unreachable()])
  await timeline.loadOlder()
  expect([timeline.failed, timeline.loading]).toEqual([true, 'none'])
  expect(seqs(timeline)).toEqual(range(151, 200))
  await timeline.again()
  expect(timeline.failed).toBe(false)
  expect(seqs(timeline)).toEqual(range(51, 200))
  await timeline.again()
  expect(asked(server)).toEqual(['newest', 151, 151, 51])
})

test('a window that has to be read anew is read where the reader looks', async () => {
  const { timeline } = await open(500)
  await timeline.around(100)
  timeline.lookAt(90)
  await timeline.reload()
  expect(seqs(timeline)).toEqual(range(51, 130))
  timeline.follow(true)
  await timeline.reload()
  expect(seqs(timeline)).toEqual(range(451, 500))
})

test('what the browser kept is shown, and asked for anew only if something happened since', async () => {
  const { server, context, timeline, outbox } = await open(60)
  await expect.poll(() => context.cache.timeline(KEY)).toMatchObject({ cursor: 60, atStart: false })
  const reopen = (): TimelineControl => {
    const host = { outbox, cursor: () => server.log.length, newestSeq: () => 0, readSeq: () => 0, peerReadSeq: () => 0, untilDelivered: () => false, read: () => undefined }
    return createTimeline(KEY, context, host)
  }
  const same = reopen()
  await expect.poll(() => same.loading).toBe('none')
  expect(asked(server)).toEqual(['newest'])
  expect(seqs(same)).toEqual(seqs(timeline))
  server.add(PEER)
  const letGo = holdUp(server, 2)
  const behind = reopen()
  await expect.poll(() => seqs(behind)).toEqual(range(11, 60))
  letGo()
  await expect.poll(() => seqs(behind)).toEqual(range(12, 61))
  expect(asked(server)).toEqual(['newest', 'newest'])
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

test('what arrives after a page was made, and before the page, is there too', async () => {
  const { server, timeline } = await open(60)
  server.after = () => {
    server.after = () => Promise.resolve()
    for (const event of server.add(PEER, 2)) timeline.apply(event)
    return Promise.resolve()
  }
  await timeline.reload()
  expect(seqs(timeline)).toEqual(range(11, 62))
})

test('who follows a lively conversation for long keeps the newest thousand and some', async () => {
  const { server, timeline } = await open(10)
  timeline.follow(true)
  for (const event of server.add(PEER, 5_000)) timeline.apply(event)
  await expect.poll(() => timeline.messages.at(-1)?.seq).toBe(5_010)
  const [first = 0] = seqs(timeline)
  expect(seqs(timeline)).toEqual(range(first, 5_010))
  expect(timeline.messages.length).toBeGreaterThanOrEqual(1_000)
  expect(timeline.messages.length).toBeLessThanOrEqual(1_200)
  expect([timeline.atStart, timeline.atEnd]).toEqual([false, true])
  await timeline.loadOlder()
  expect(seqs(timeline)).toEqual(range(first - 100, first + 899))
})

test('who reads far above keeps their place, and what came too much is fetched on the way down', async () => {
  const { server, timeline } = await open(10)
  for (const event of server.add(PEER, 2_500)) timeline.apply(event)
  await expect.poll(() => timeline.atEnd).toBe(false)
  expect(seqs(timeline)).toEqual(range(1, 1_000))
  expect([timeline.atStart, timeline.fresh]).toEqual([true, 2_500])
  while (!timeline.atEnd) await timeline.loadNewer()
  expect(seqs(timeline)).toEqual(range(1_511, 2_510))
})

test('away from the end new messages are counted, and fetched on the way down', async () => {
  const { server, timeline } = await open(500)
  expect(await timeline.around(100)).toBe('there')
  expect([timeline.atStart, timeline.atEnd]).toEqual([false, false])
  for (const event of server.add(PEER, 3)) timeline.apply(event)
  expect(timeline.fresh).toBe(3)
  expect(seqs(timeline)).not.toContain(503)
  await timeline.toEnd()
  expect(seqs(timeline).at(-1)).toBe(503)
})

test('a jump to what is not there changes nothing', async () => {
  const { timeline } = await open(60)
  expect(await timeline.around(1_000)).toBe('gone')
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
  await expect.poll(async () => (await context.cache.kept()).unsent).toHaveLength(1)
  expect(server.log).toEqual([])
  context.state.state = 'open'
  outbox.wake()
  await expect.poll(() => timeline.messages[0]?.state).toBe('sent')
  await expect.poll(async () => (await context.cache.kept()).unsent).toEqual([])
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

test('a refused message stays when the same is written on another device', async () => {
  const { server, timeline } = await open(0)
  server.failures.set('/ws/chat/send_msg', [new Refusal('0001')])
  timeline.send({ msg: 'm1' })
  await expect.poll(() => timeline.messages[0]?.state).toBe('failed')
  for (const event of server.add(ME)) timeline.apply(event)
  await expect.poll(() => timeline.messages.map(({ msg, state }) => [msg, state])).toEqual([
    ['m1', 'sent'],
    ['m1', 'failed'],
  ])
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

test('unread messages further up than the window are gone to', async () => {
  const { timeline } = await open(300)
  timeline.enter(100)
  expect(timeline.unreadFrom).toBeUndefined()
  await timeline.toUnread()
  expect(timeline.unreadFrom).toBe(101)
  expect(seqs(timeline)).toEqual(range(61, 140))
})

test('a message that is answered to is fetched once, and changes as it does', async () => {
  const { server, timeline } = await open(300)
  expect(timeline.quoted(300)?.msg).toBe('m300')
  for (let drawn = 0; drawn < 3; drawn++) expect(timeline.quoted(7)).toBeUndefined()
  await expect.poll(() => timeline.quoted(7)?.msg).toBe('m7')
  expect(asked(server)).toEqual(['newest', 8])
  timeline.apply({
    eventType: 'chat_recall',
    fromUserId: PEER,
    toUserId: ME,
    time: 9,
    data: { seq: 301, targetSeq: 7, msgId: 'id7' },
  })
  expect(timeline.quoted(7)).toMatchObject({ msg: '', recalledTime: 9 })
})

test('an answer to what is not there any more stands alone; one to what could not be fetched is tried again', async () => {
  const { server, timeline } = await open(300)
  server.log.splice(6, 1)
  server.failures.set('/ws/chat/history', [new Unreachable()])
  timeline.quoted(7)
  await expect.poll(() => asked(server)).toEqual(['newest', 8])
  await expect.poll(() => timeline.quoted(7) ?? asked(server)).toEqual(['newest', 8, 8])
  expect(timeline.quoted(7)).toBeUndefined()
  await timeline.loadOlder()
  expect(timeline.quoted(7)).toBeUndefined()
  expect(asked(server).filter((seq) => seq === 8)).toHaveLength(2)
})

test('a reaction that the server refuses is taken back', async () => {
  const { server, timeline } = await open(1)
  server.failures.set('/ws/chat/react', [new Refusal('0213')])
  const refused = timeline.react(1, '👍', true)
  expect(timeline.bySeq(1)?.reactions).toMatchObject([{ emoji: '👍', mine: true }])
  await expect(refused).rejects.toThrow()
  expect(timeline.bySeq(1)?.reactions).toEqual([])
})

test('who is led to a message is led there though all is read anew meanwhile', async () => {
  const { server, timeline } = await open(300)
  const letGo = holdUp(server, asked(server).length + 1)
  const there = timeline.around(5)
  // The list of conversations has come, and knows nothing of what is shown.
  const again = timeline.reload()
  letGo()
  expect(await there).toBe('there')
  await again
  expect(timeline.messages.some(({ seq }) => seq === 5)).toBe(true)
})

test('who goes to the end, or to another message, while being led to one is there, and the first is not called gone', async () => {
  const { server, timeline } = await open(300)
  const letGo = holdUp(server, asked(server).length + 1)
  const first = timeline.around(5)
  await timeline.toEnd()
  letGo()
  expect(await first).toBe('left')
  expect(seqs(timeline)).toEqual(range(251, 300))

  const letGoAgain = holdUp(server, asked(server).length + 1)
  const second = timeline.around(5)
  const third = timeline.around(150)
  letGoAgain()
  expect([await second, await third]).toEqual(['left', 'there'])
})
