import { expect, test } from 'vitest'

import { Unreachable } from '../../client'
import { buildConversations, card, createScene, PEER, ready, type TestServer } from '../testing'

const KEY = 'u:bo'

test('a conversation that moves up while the pages are fetched stays, with all that is here of it', async () => {
  const { server, conversations, say } = createScene(5)
  const others = Array.from({ length: 149 }, (_, at) => card({ userId: `u${at}`, lastSeq: 1, lastTime: 1_000 - at }))
  const bo = card({ userId: PEER, nickname: 'Bo', lastSeq: 5, lastTime: 5, unread: 5, muted: true })
  server.cards = [...others, bo]
  const connect = (): Promise<void> => conversations.refresh(ready(), Promise.resolve())
  await connect()
  conversations.setDraft(KEY, 'a long text')
  const timeline = conversations.timeline(KEY)
  await expect.poll(() => timeline.messages.length).toBe(5)
  let pages = 0
  server.after = (path) => {
    // Between the first page and the second.
    if (path === '/ws/chat/conversations' && ++pages === 1) {
      server.cards = [{ ...bo, lastSeq: 6, lastTime: 5_000, unread: 6 }, ...others]
      say()
    }
    return Promise.resolve()
  }
  await connect()
  expect(conversations.get(KEY)).toMatchObject({ unread: 6, muted: true, draft: 'a long text' })
  await expect.poll(() => timeline.messages.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6])
})

test('after a restore what is new is unread, and read to the end', async () => {
  const { server, conversations, connect, say } = createScene(10)
  await connect({ unread: 10 })
  conversations.markRead(KEY)
  server.log.length = 3
  await connect({ readSeq: 2, unread: 1 }, 'two')
  say(4)
  expect(conversations.get(KEY)?.unread).toBe(5)
})

test('what a restore takes away is not believed again when the first round after it fails', async () => {
  const { server, conversations, connect, say } = createScene(10)
  await connect()
  const timeline = conversations.timeline(KEY)
  await expect.poll(() => timeline.messages.length).toBe(10)
  server.log.length = 3
  server.failures.set('/ws/chat/conversations', [new Unreachable()])
  await expect(connect({}, 'two')).rejects.toThrow(Unreachable)
  await connect({}, 'two')
  await expect.poll(() => timeline.messages.length).toBe(3)
  say(4)
  await expect.poll(() => timeline.messages.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7])
})

/** The `seq` that the server is told in each call of a path: up to there it deletes what is kept until it is delivered. */
const told = (server: TestServer, path: string): unknown[] =>
  server.calls
    .filter((call) => call.path === path)
    .flatMap(({ data }) => (data.cursors as { seq: number }[] | undefined)?.map(({ seq }) => seq) ?? data.seq)

test('where messages go once they are delivered, the server is told of none as such that was not fetched', async () => {
  const { server, conversations, connect } = createScene(300)
  const of = { keep: 'until-delivered', readSeq: 100, unread: 100 } as const
  await connect(of)
  const timeline = conversations.timeline(KEY)
  await expect.poll(() => timeline.messages.length).toBe(50)
  await timeline.toUnread()
  server.add(PEER)
  await connect(of)
  await expect.poll(() => timeline.messages.at(-1)?.seq).toBe(301)
  expect(told(server, '/ws/chat/sync')).toEqual([])
  // With the rest of it nothing more is missing.
  while ((timeline.messages[0]?.seq ?? 0) > 101) await timeline.loadOlder()
  server.add(PEER)
  await connect(of)
  expect(told(server, '/ws/chat/sync')).toEqual([301])
})

test('where messages go once they are delivered, those that one skipped are fetched before they count as read', async () => {
  const { server, conversations, connect } = createScene(400)
  await connect({ keep: 'until-delivered', readSeq: 50, unread: 100 })
  const timeline = conversations.timeline(KEY)
  await expect.poll(() => timeline.messages.length).toBe(50)
  timeline.follow(true)
  await expect.poll(() => told(server, '/ws/chat/read')).toEqual([400])
  expect(timeline.messages.map(({ seq }) => seq).slice(-350)).toEqual(Array.from({ length: 350 }, (_, at) => 51 + at))
})

test('a draft goes with its conversation', async () => {
  const { server, context, conversations } = createScene()
  server.cards = [card({ groupId: 'g', nickname: 'Choir', lastSeq: 1, lastTime: 1 })]
  await conversations.refresh(ready(), Promise.resolve())
  conversations.setDraft('g:g', 'half a sentence')
  server.cards = []
  await conversations.refresh(ready(), Promise.resolve())
  const again = buildConversations(context)
  again.restore(await context.cache.kept())
  expect(again.get('g:g')?.draft ?? '').toBe('')
})

test('whom one writes to for the first time while the list is fetched stays in it', async () => {
  const { server, conversations } = createScene()
  server.cards = [card({ userId: 'cy', lastSeq: 1, lastTime: 1 })]
  let letGo: (() => void) | undefined
  const refreshed = conversations.refresh(ready(), new Promise((resolve) => (letGo = resolve)))
  const timeline = conversations.timeline(KEY)
  await expect.poll(() => timeline.loading).toBe('none')
  timeline.send({ msg: 'first' })
  await expect.poll(() => timeline.messages.map(({ state }) => state)).toEqual(['sent'])
  letGo?.()
  await refreshed
  expect(conversations.get(KEY)?.last?.msg).toBe('first')
  expect(conversations.timeline(KEY)).toBe(timeline)
})

/** Holds up the next list of conversations that is asked for, as it is now, until it is called. */
const holdUp = (server: TestServer): Promise<() => void> =>
  new Promise((held) => {
    server.after = (path) => {
      if (path !== '/ws/chat/conversations') return Promise.resolve()
      server.after = () => Promise.resolve()
      return new Promise((resolve) => held(resolve))
    }
  })

test('a list that comes after a logout is not shown', async () => {
  const { server, conversations, connect } = createScene(3)
  const held = holdUp(server)
  const refreshed = connect()
  const letGo = await held
  conversations.clear()
  letGo()
  await refreshed
  expect(conversations.list).toEqual([])
})

test('a list that comes after that of a newer connection changes nothing', async () => {
  const { server, conversations, connect } = createScene(3)
  const held = holdUp(server)
  const refreshed = connect({ unread: 3 })
  const letGo = await held
  await connect({ unread: 1, muted: true })
  letGo()
  await refreshed
  expect(conversations.get(KEY)).toMatchObject({ unread: 1, muted: true })
})
