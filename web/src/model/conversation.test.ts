import { afterEach, expect, test, vi } from 'vitest'

import { Unreachable, type ConversationCard } from '../client'
import type { ConversationsControl } from './conversation'
import { buildConversations, card, createScene, ME, PEER, type TestServer } from './testing'

const KEY = 'u:bo'

const keys = ({ list }: ConversationsControl): string[] => list.map(({ key }) => key)
const told = (server: TestServer, path: string): Record<string, unknown>[] =>
  server.calls.filter((call) => call.path === path).map(({ data }) => data)

/** The texts that the reader is told of. */
const news = (conversations: ConversationsControl): string[] => {
  const texts: string[] = []
  conversations.onNews((_, { msg }) => texts.push(msg))
  return texts
}

afterEach(() => vi.useRealTimers())

test('the list has all pages of it, the pinned first, then the newest', async () => {
  const { server, conversations, connect } = createScene(1)
  const others = Array.from({ length: 250 }, (_, at) => card({ userId: `u${at}`, lastSeq: 1, lastTime: 10 + at }))
  const pinned = card({ groupId: 'g', lastSeq: 1, lastTime: 5, pinned: true })
  const empty = card({ userId: 'nobody' })
  server.cards = [card({}), ...others, pinned, empty]
  await connect()
  expect(keys(conversations)).toEqual(['g:g', ...others.map(({ userId }) => `u:${userId}`).reverse(), KEY])
})

test('the first page of a long list is shown while the next ones come', async () => {
  const { server, conversations, connect } = createScene()
  server.cards = [card({}), ...Array.from({ length: 249 }, (_, at) => card({ userId: `u${at}`, lastSeq: 1, lastTime: 1_000 - at }))]
  const shown: number[] = []
  server.before = (path) => {
    if (path === '/ws/chat/conversations') shown.push(conversations.list.length)
    return Promise.resolve()
  }
  await connect({ lastSeq: 1, lastTime: 2_000 })
  expect(shown).toEqual([0, 100, 200, 200])
  expect(conversations.list).toHaveLength(250)
  // Who comes back sees what there was until all is there.
  shown.length = 0
  await connect({ lastSeq: 1, lastTime: 2_000 })
  expect(shown).toEqual([250, 250, 250, 250])
})

test('a message that is as it was is not drawn again', async () => {
  const { server, conversations, connect } = createScene(1)
  const [message] = server.log
  if (!message) throw new Error('nothing was said')
  await connect({ last: message })
  const before = conversations.get(KEY)?.last
  await connect({ last: { ...message } })
  expect(conversations.get(KEY)?.last).toBe(before)
  await connect({ last: { ...message, editedTime: 9 } })
  expect(conversations.get(KEY)?.last).not.toBe(before)
})

test('what came while there was no connection is there once, in order, and the last of it is news', async () => {
  vi.setSystemTime(0)
  const { server, conversations, connect, say } = createScene(3)
  const told = news(conversations)
  await connect()
  const timeline = conversations.timeline(KEY)
  await expect.poll(() => timeline.messages.length).toBe(3)
  say()
  server.add(PEER, 4)
  await connect({ unread: 5 })
  say()
  await expect.poll(() => timeline.messages.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
  expect(told).toEqual(['m4', 'm8', 'm9'])
  // As many as the list has, and what came since.
  expect(conversations.get(KEY)).toMatchObject({ unread: 6, lastTime: 9 })
})

test('what is older than the reader is here, his own, or read elsewhere is no news', async () => {
  vi.setSystemTime(2)
  const { server, conversations, connect } = createScene(1)
  const told = news(conversations)
  const meet = (of: Partial<ConversationCard>): Promise<void> => connect({ last: server.log.at(-1) as ConversationCard['last'] & object, ...of })
  await meet({})
  server.add(PEER)
  await meet({ readSeq: 2 })
  server.add(ME)
  await meet({})
  expect(told).toEqual([])
  server.add(PEER)
  await meet({})
  expect(told).toEqual(['m4'])
})

test('of many conversations the newest five are news', async () => {
  vi.setSystemTime(0)
  const { server, conversations, connect } = createScene(1)
  const told = news(conversations)
  const others = server.add(PEER, 9).map(({ data: { seq = 0 } }) =>
    card({ userId: `u${seq}`, lastSeq: 1, lastTime: seq, last: server.log[seq - 1] as ConversationCard['last'] & object }),
  )
  server.cards = [card({}), ...others]
  await connect()
  expect(told).toEqual(['m6', 'm7', 'm8', 'm9', 'm10'])
})

test('a message that comes live is unread, and up to a hundred are counted', async () => {
  const { conversations, connect, say } = createScene()
  await connect()
  say()
  expect(conversations.get(KEY)).toMatchObject({ unread: 1, mentioned: false, last: { seq: 1 } })
  say(200)
  expect(conversations.get(KEY)?.unread).toBe(100)
  await expect.poll(() => conversations.unread).toBe(100)
  await conversations.setMuted(KEY, true)
  expect(conversations.unread).toBe(0)
})

test('who follows the end of a conversation has nothing unread in it', async () => {
  const { server, conversations, connect, say } = createScene(1)
  await connect()
  conversations.timeline(KEY).follow(true)
  say()
  expect(conversations.get(KEY)?.unread).toBe(0)
  await expect.poll(() => told(server, '/ws/chat/read').at(-1)).toEqual({ toUserId: PEER, seq: 2 })
})

test('what is marked as read is told, and told again when the server did not hear of it', async () => {
  const { server, conversations, connect } = createScene(3)
  await connect({ unread: 3 })
  server.failures.set('/ws/chat/read', [new Unreachable()])
  conversations.markRead(KEY)
  expect(conversations.get(KEY)?.unread).toBe(0)
  await connect({ unread: 3, readSeq: 0 })
  expect(told(server, '/ws/chat/read')).toEqual([
    { toUserId: PEER, seq: 3 },
    { toUserId: PEER, seq: 3 },
  ])
})

test('what is read on another device is read here', async () => {
  const { conversations, connect, say, hear } = createScene()
  await connect()
  conversations.timeline(KEY)
  say(5)
  await expect.poll(() => conversations.timeline(KEY).messages.length).toBe(5)
  const read = (seq: number): void =>
    hear({ eventType: 'chat_read', fromUserId: ME, toUserId: PEER, time: 9, data: { seq } })
  read(3)
  expect(conversations.get(KEY)?.unread).toBe(2)
  read(5)
  expect(conversations.get(KEY)?.unread).toBe(0)
})

test('what the other has read is known, and never goes back', async () => {
  const { conversations, connect, hear } = createScene(4)
  await connect({ peerReadSeq: 2 })
  const read = (seq: number): void =>
    hear({ eventType: 'chat_read', fromUserId: PEER, toUserId: ME, time: 9, data: { seq } })
  read(3)
  read(1)
  expect(conversations.get(KEY)).toMatchObject({ peerReadSeq: 3, readSeq: 0 })
})

test('a recall of the last message shows in the list', async () => {
  const { conversations, connect, say, hear } = createScene()
  await connect()
  say()
  hear({
    eventType: 'chat_recall',
    fromUserId: PEER,
    toUserId: ME,
    time: 9,
    data: { seq: 2, targetSeq: 1, msgId: 'id1' },
  })
  expect(conversations.get(KEY)).toMatchObject({ last: { seq: 1, msg: '', recalledTime: 9 }, lastTime: 1 })
})

test('a server that was restored from a backup is believed: what is there is read anew', async () => {
  const { server, conversations, connect, say } = createScene(5)
  await connect()
  const timeline = conversations.timeline(KEY)
  await expect.poll(() => timeline.messages.length).toBe(5)
  server.log.length = 2
  await connect({ unread: 2 }, 'two')
  await expect.poll(() => timeline.messages.map(({ seq }) => seq)).toEqual([1, 2])
  conversations.markRead(KEY)
  expect(told(server, '/ws/chat/read')).toEqual([{ toUserId: PEER, seq: 2 }])
  say()
  await expect.poll(() => timeline.messages.map(({ seq }) => seq)).toEqual([1, 2, 3])
})

test('a conversation that the list has no more is gone, and one that nobody has written in stays', async () => {
  const { server, conversations, connect } = createScene(1)
  server.cards = [card({}), card({ userId: 'cy', lastSeq: 1, lastTime: 1 })]
  await connect()
  conversations.setDraft('u:dee', 'hello')
  server.cards = server.cards.slice(0, 1)
  await connect()
  await expect.poll(() => keys(conversations)).toEqual([KEY, 'u:dee'])
  expect(conversations.get('u:cy')).toBeUndefined()
})

test('a list that cannot be fetched changes nothing', async () => {
  const { server, conversations, connect } = createScene(1)
  await connect()
  server.failures.set('/ws/chat/conversations', [new Unreachable()])
  await expect(connect({ lastTime: 100 })).rejects.toThrow()
  expect(conversations.get(KEY)?.lastTime).toBe(1)
})

test('the browser keeps the list, the drafts and what is unsent', async () => {
  const { context, conversations, connect } = createScene(2)
  await connect({ unread: 2, muted: true })
  conversations.setDraft(KEY, 'to be')
  context.state.state = 'waiting'
  conversations.timeline(KEY).send({ msg: 'later' })
  await expect.poll(async () => (await context.cache.kept()).unsent).toHaveLength(1)

  const again = buildConversations(context)
  again.restore(await context.cache.kept())
  expect(again.list).toMatchObject([{ key: KEY, title: 'Bo', unread: 2, muted: true, draft: 'to be' }])
  await expect.poll(() => again.timeline(KEY).messages.at(-1)).toMatchObject({ msg: 'later', state: 'sending' })
})

test('a draft lists a conversation that has no messages, until it is empty', async () => {
  const { conversations } = createScene()
  conversations.setDraft('u:cy', 'hel')
  await expect.poll(() => keys(conversations)).toEqual(['u:cy'])
  const { list } = conversations
  conversations.setDraft('u:cy', 'hello')
  conversations.setDraft('u:cy', '')
  await expect.poll(() => keys(conversations)).toEqual([])
  expect(list).toHaveLength(1)
})

test('a message that changes no place leaves the list as it is', async () => {
  const { conversations, connect, say } = createScene(1)
  await connect()
  const { list } = conversations
  say()
  await expect.poll(() => conversations.unread).toBe(1)
  expect(conversations.list).toBe(list)
})

test('who writes is shown until they have written, or stop', async () => {
  vi.useFakeTimers()
  const { conversations, connect, say, hear } = createScene()
  await connect()
  const type = (): void => hear({ eventType: 'chat_typing', fromUserId: PEER, toUserId: ME, time: 1, data: {} })
  type()
  expect(conversations.get(KEY)?.typing).toEqual([PEER])
  await vi.advanceTimersByTimeAsync(4_000)
  type()
  await vi.advanceTimersByTimeAsync(4_000)
  expect(conversations.get(KEY)?.typing).toEqual([PEER])
  say()
  expect(conversations.get(KEY)?.typing).toEqual([])
  type()
  await vi.advanceTimersByTimeAsync(5_000)
  expect(conversations.get(KEY)?.typing).toEqual([])
  vi.useRealTimers()
})

test('that the reader is writing is told every few seconds, not at every key', async () => {
  vi.useFakeTimers()
  const { server, conversations } = createScene()
  for (let second = 0; second < 6; second++) {
    conversations.typing(KEY)
    conversations.typing(KEY)
    await vi.advanceTimersByTimeAsync(1_000)
  }
  vi.useRealTimers()
  expect(told(server, '/ws/chat/typing')).toHaveLength(2)
})

test('settings are the same on all devices', async () => {
  const { server, conversations, connect, hear } = createScene(1)
  server.cards = [card({}), card({ userId: 'cy', lastSeq: 1, lastTime: 9 })]
  await connect()
  expect(keys(conversations)).toEqual(['u:cy', KEY])
  await conversations.setPinned(KEY, true)
  expect(keys(conversations)).toEqual([KEY, 'u:cy'])
  hear({ eventType: 'chat_settings', fromUserId: ME, toUserId: ME, time: 1, data: { userId: PEER, muted: true, pinned: false } })
  await expect.poll(() => keys(conversations)).toEqual(['u:cy', KEY])
  expect(conversations.get(KEY)).toMatchObject({ muted: true, pinned: false })
})

test('how long messages are kept is what both wish', async () => {
  const { conversations, connect, hear } = createScene(1)
  await connect()
  await conversations.setKeep(KEY, 604_800)
  expect(conversations.get(KEY)).toMatchObject({ keep: 'forever', keepWish: 604_800, peerKeepWish: undefined })
  hear({ eventType: 'chat_keep', fromUserId: PEER, toUserId: ME, time: 1, data: { keep: 604_800, wish: 604_800 } })
  expect(conversations.get(KEY)).toMatchObject({ keep: 604_800, keepWish: 604_800, peerKeepWish: 604_800 })
})

test('a dozen timelines stay in memory, those that were used last', async () => {
  const { conversations } = createScene()
  const first = conversations.timeline('u:0')
  const second = conversations.timeline('u:1')
  for (let at = 2; at < 12; at++) conversations.timeline(`u:${at}`)
  expect(conversations.timeline('u:0')).toBe(first)
  conversations.timeline('u:12')
  expect(conversations.timeline('u:0')).toBe(first)
  expect(conversations.timeline('u:1')).not.toBe(second)
})

test('nothing is left after a logout', async () => {
  const { conversations, connect } = createScene(3)
  await connect({ unread: 3 })
  conversations.clear()
  expect(keys(conversations)).toEqual([])
  expect(conversations.unread).toBe(0)
  expect(conversations.get(KEY)).toBeUndefined()
})
