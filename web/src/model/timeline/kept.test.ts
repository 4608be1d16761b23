import { afterEach, expect, test, vi } from 'vitest'

import { Unreachable, type WireEvent } from '../../client'
import type { ConversationsControl } from '../conversation'
import { buildConversations, card, createScene, ME, PEER, ready } from '../testing'

const KEY = 'u:bo'

const seqs = (conversations: ConversationsControl): (number | undefined)[] =>
  conversations.timeline(KEY).messages.map(({ seq }) => seq)

afterEach(() => vi.useRealTimers())

test('what the browser kept is not taken for all there is where the rest could not be loaded', async () => {
  vi.useFakeTimers()
  const { server, context, conversations, connect } = createScene(10)
  await connect()
  conversations.timeline(KEY)
  await vi.advanceTimersByTimeAsync(1_000)
  expect((await context.cache.timeline(KEY))?.cursor).toBe(10)

  // Ten more came on another visit, and the network goes as the conversation is opened.
  server.add(PEER, 10)
  server.cards = [card({ userId: PEER, lastSeq: 20, lastTime: 20, unread: 10 })]
  const offline = buildConversations(context)
  offline.restore(await context.cache.kept())
  await offline.refresh(ready(), Promise.resolve())
  context.state.state = 'waiting'
  const timeline = offline.timeline(KEY)
  timeline.follow(true)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(timeline).toMatchObject({ failed: true, messages: { length: 10 } })
  expect(offline.get(KEY)?.unread, 'nothing is read that was not seen').toBe(10)

  context.state.state = 'open'
  const back = buildConversations(context)
  back.restore(await context.cache.kept())
  await back.refresh(ready(), Promise.resolve())
  back.timeline(KEY)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(seqs(back)).toEqual(Array.from({ length: 20 }, (_, at) => at + 1))
})

test('while the list cannot be fetched what follows on what the browser kept is shown, and nothing is missing afterwards', async () => {
  vi.useFakeTimers()
  const { server, context, conversations, connect } = createScene(10)
  await connect()
  conversations.timeline(KEY)
  await vi.advanceTimersByTimeAsync(1_000)

  const here = buildConversations(context)
  here.restore(await context.cache.kept())
  server.failures.set('/ws/chat/conversations', [new Unreachable()])
  await expect(here.refresh(ready(), Promise.resolve())).rejects.toThrow(Unreachable)
  here.goOn()
  here.timeline(KEY)
  await vi.advanceTimersByTimeAsync(1_000)
  for (const event of server.add(PEER)) here.hear(event)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(seqs(here)).toHaveLength(11)
  // Two come that nobody here hears of, and what is missing cannot be asked for.
  server.failures.set('/ws/chat/sync', [new Unreachable(), new Unreachable(), new Unreachable()])
  server.add(PEER, 2)
  for (const event of server.add(PEER)) here.hear(event)
  await vi.advanceTimersByTimeAsync(2_000)
  expect(seqs(here)).toHaveLength(11)

  server.cards = [card({ userId: PEER, lastSeq: 14, lastTime: 14, unread: 4 })]
  await here.refresh(ready(), Promise.resolve())
  await vi.advanceTimersByTimeAsync(1_000)
  expect(seqs(here)).toEqual(Array.from({ length: 14 }, (_, at) => at + 1))
})

test('nothing is kept of a timeline after a logout', async () => {
  vi.useFakeTimers()
  const { context, conversations, connect } = createScene(3)
  await connect()
  conversations.timeline(KEY)
  await vi.advanceTimersByTimeAsync(100)
  conversations.clear()
  await vi.advanceTimersByTimeAsync(1_000)
  expect(await context.cache.timeline(KEY)).toBeUndefined()
})

test('what is drawn late of a timeline that is gone is not kept, be it after a logout or for another one', async () => {
  vi.useFakeTimers()
  const { context, conversations, connect, say } = createScene(3)
  await connect()
  conversations.timeline(KEY)
  for (let at = 0; at < 11; at++) conversations.timeline(`u:${at}`)
  await vi.advanceTimersByTimeAsync(1_000)
  say()
  // The thirteenth takes its place before the fourth message is drawn; the fifth is heard after that.
  conversations.timeline('u:11')
  await vi.advanceTimersByTimeAsync(100)
  say()
  await vi.advanceTimersByTimeAsync(1_000)
  expect(await context.cache.timeline(KEY)).toMatchObject({ cursor: 3, messages: { length: 3 } })

  conversations.timeline(KEY)
  await vi.advanceTimersByTimeAsync(1_000)
  say()
  conversations.clear()
  context.cache.dropTimelines()
  await vi.advanceTimersByTimeAsync(1_000)
  expect(await context.cache.timeline(KEY)).toBeUndefined()
})

/** A message of a conversation that keeps none: it has no place in a log. */
const passing = (n: number, fromUserId: string = PEER): WireEvent => ({
  eventType: 'chat_f2f',
  fromUserId,
  toUserId: fromUserId === ME ? PEER : ME,
  time: n,
  data: { msg: `m${n}`, msgId: `id${n}` },
})

test('where no messages are kept those that came are there when one opens the conversation, and read by that', async () => {
  const { conversations, connect, hear } = createScene()
  await connect()
  hear(passing(1))
  hear(passing(2))
  expect(conversations.get(KEY)?.unread).toBe(2)
  const timeline = conversations.timeline(KEY)
  await expect.poll(() => timeline.loading).toBe('none')
  expect(timeline.messages.map(({ msg }) => msg)).toEqual(['m1', 'm2'])
  timeline.follow(true)
  await expect.poll(() => conversations.get(KEY)?.unread).toBe(0)
})

test.each(['before', 'after'])('where no messages are kept an own one that is told %s its answer is shown once', async (order) => {
  const { context, conversations, connect, hear } = createScene()
  await connect()
  const { call } = context.link
  const echo = { ...passing(5, ME), data: { msg: 'hello', msgId: 'id5' } } as WireEvent
  context.link.call = ((path: string, data: never) => {
    if (path !== '/ws/chat/send_msg') return call(path as never, data)
    if (order === 'before') hear(echo)
    return Promise.resolve({ msgId: 'id5', time: 5 })
  }) as typeof call
  const timeline = conversations.timeline(KEY)
  await expect.poll(() => timeline.loading).toBe('none')
  timeline.send({ msg: 'hello' })
  await expect.poll(() => timeline.messages.map(({ state }) => state)).toEqual(['sent'])
  if (order === 'after') hear(echo)
  expect(timeline.messages.map(({ msg, state }) => [msg, state])).toEqual([['hello', 'sent']])
})
