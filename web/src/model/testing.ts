// For tests: a server with one conversation's log, and the list of all, in memory, and a model context that talks to it.
import { shallowReactive } from '@vue/reactivity'

import {
  Refusal,
  Unreachable,
  type Client,
  type ConversationCard,
  type Cursor,
  type LogEvent,
  type Message as WireMessage,
  type Ready,
  type Synced,
  type WireEvent,
} from '../client'
import { OWNER, type Cache, type CachedTimeline, type Unsent } from './cache'
import type { Context } from './context'
import { createConversations, type ConversationsControl } from './conversation'
import { createEvents } from './events'
import { createFriends } from './friend'
import { createGroups } from './group'
import type { ConnectionState, Link } from './link'
import { createPeople } from './people'
import { createSchedule } from './schedule'

export const ME = 'ann'
export const PEER = 'bo'

export interface TestServer {
  log: WireMessage[]
  /** The list of conversations. */
  cards: ConversationCard[]
  calls: { path: string; data: Record<string, unknown> }[]
  /** What the next calls of a path throw, in order. */
  failures: Map<string, Error[]>
  /** Called before an operation is answered. */
  before: (path: string) => Promise<void>
  /** Called when it is answered, and before the answer is there. */
  after: (path: string) => Promise<void>
  add: (fromUserId: string, count?: number) => LogEvent[]
}

const eventOf = (message: WireMessage): LogEvent => ({
  eventType: 'chat_f2f',
  fromUserId: message.fromUserId,
  toUserId: message.fromUserId === ME ? PEER : ME,
  time: message.time,
  data: { msg: message.msg, msgId: message.msgId, seq: message.seq },
})

export const createTestServer = (): TestServer => {
  const server: TestServer = {
    log: [],
    cards: [],
    calls: [],
    failures: new Map(),
    before: () => Promise.resolve(),
    after: () => Promise.resolve(),
    add: (fromUserId, count = 1) =>
      Array.from({ length: count }, () => {
        const seq = server.log.length + 1
        const message = { fromUserId, time: seq, msg: `m${seq}`, msgId: `id${seq}`, seq }
        server.log.push(message)
        return eventOf(message)
      }),
  }
  return server
}

const history = (
  { log }: TestServer,
  { before, after, limit = 50 }: { before?: number; after?: number; limit?: number },
): { list: WireMessage[]; more: boolean } => {
  if (after !== undefined) {
    const behind = log.filter(({ seq = 0 }) => seq > after)
    return { list: behind.slice(0, limit), more: behind.length > limit }
  }
  const ahead = log.filter(({ seq = 0 }) => before === undefined || seq < before)
  return { list: ahead.slice(-limit), more: ahead.length > limit }
}

const conversations = (
  { cards }: TestServer,
  { after = '0', limit = 50 }: { after?: string; limit?: number },
): { list: ConversationCard[]; next?: string } => {
  const from = Number(after)
  const list = cards.slice(from, from + limit)
  return from + limit < cards.length ? { list, next: String(from + limit) } : { list }
}

/** What is behind the cursor of the one conversation that has a log. */
const sync = ({ log }: TestServer, { cursors = [] }: { cursors?: Cursor[] }): Synced => {
  const lastSeq = log.length
  const list = cursors
    .filter(({ userId, seq }) => userId === PEER && seq < lastSeq)
    .map(({ seq }) => ({ userId: PEER, events: log.slice(seq).map(eventOf), lastSeq, more: false }))
  return { epoch: 'one', list, resync: [], gone: [] }
}

const createTestCache = (): Cache => {
  const timelines = new Map<string, CachedTimeline>()
  const outbox = new Map<string, Unsent>()
  const lists = new Map<string, unknown>()
  const drafts = new Map<string, string>()
  return {
    kept: () => {
      const now = structuredClone(lists)
      const list = <T>(name: string): T | undefined => now.get(name) as T | undefined
      return Promise.resolve({ list, drafts: new Map(drafts), unsent: [...outbox.values()] })
    },
    keepList: (name, value) => void lists.set(name, structuredClone(value)),
    timeline: (key) => Promise.resolve(timelines.get(key)),
    keepTimeline: (timeline) => void timelines.set(timeline.key, timeline),
    dropTimeline: (key) => void timelines.delete(key),
    dropTimelines: () => timelines.clear(),
    unsent: () => Promise.resolve([...outbox.values()]),
    keepUnsent: (unsent) => Promise.resolve(void outbox.set(unsent.clientMsgId, unsent)),
    dropUnsent: (id) => void outbox.delete(id),
    keepDraft: (key, text) => void (text ? drafts.set(key, text) : drafts.delete(key)),
    leaveTo: (owner) => {
      for (const store of [lists, timelines]) store.clear()
      return Promise.resolve(void lists.set(OWNER, owner))
    },
    clear: () => {
      for (const store of [lists, timelines, outbox, drafts]) store.clear()
      return Promise.resolve()
    },
  }
}

export interface TestContext extends Context {
  state: ConnectionState
}

export const createTestContext = (server: TestServer): TestContext => {
  const state: ConnectionState = shallowReactive({
    state: 'open',
    retryAt: undefined,
    synced: true,
    tryNow: () => undefined,
  })
  const answer = (path: string, data: Record<string, unknown>): unknown => {
    if (path === '/ws/chat/history') return history(server, data)
    if (path === '/ws/chat/conversations') return conversations(server, data)
    if (path === '/ws/chat/sync') return sync(server, data)
    if (path !== '/ws/chat/send_msg') return undefined
    const again = server.log.find((message) => message.body?.clientMsgId === data.clientMsgId)
    const seq = again?.seq ?? server.log.length + 1
    const message = {
      fromUserId: ME,
      time: seq,
      msg: String(data.msg),
      msgId: `id${seq}`,
      seq,
      body: { clientMsgId: data.clientMsgId },
    }
    if (!again) server.log.push(message)
    return { msgId: message.msgId, seq, time: message.time }
  }
  const call = async (path: string, data: Record<string, unknown>): Promise<unknown> => {
    server.calls.push({ path, data })
    await server.before(path)
    if (state.state !== 'open') throw new Unreachable()
    const failure = server.failures.get(path)?.shift()
    // A refusal has no effect; where no answer comes the message may well be there.
    if (failure instanceof Refusal) throw failure
    const reply = answer(path, data)
    if (failure) throw failure
    await server.after(path)
    return reply
  }
  const link = {
    tab: 'tab',
    tabs: () => Promise.resolve(new Set<string>()),
    alone: (job: () => Promise<void>) => job(),
    state,
    client: { http: {} } as Client,
    call: call as Link['call'],
    start: () => undefined,
    stop: () => undefined,
    tell: () => undefined,
  }
  return {
    link,
    state,
    events: createEvents(),
    cache: createTestCache(),
    schedule: createSchedule((callback) => queueMicrotask(callback)),
    changed: () => Promise.resolve(),
    here: (time) => time,
    keep: () => 'forever',
    me: () => ME,
  }
}

export const card = (of: Partial<ConversationCard>): ConversationCard => ({
  nickname: '',
  headImg: '',
  lastSeq: 0,
  firstSeq: 0,
  lastTime: 0,
  readSeq: 0,
  unread: 0,
  mentioned: false,
  muted: false,
  pinned: false,
  keep: 'forever',
  ...of,
})

export const ready = (epoch = 'one'): Ready => ({
  userId: ME,
  sessionId: 's',
  serverTime: 0,
  heartbeatMs: 1_000,
  epoch,
  limits: {
    keep: 'forever',
    maxBytes: 1,
    recallSeconds: 1,
    editSeconds: 1,
    quotaBytes: 1,
    fileBytes: 1,
    pictureBytes: 1,
    picturePixels: 1,
    groupMembers: 1,
  },
})

export const buildConversations = (context: TestContext): ConversationsControl => {
  const people = createPeople(context)
  return createConversations(context, people, createFriends(context, people), createGroups(context, people))
}

/** Conversations over a test server, and how they hear of it. */
export interface Scene {
  server: TestServer
  context: TestContext
  conversations: ConversationsControl
  /** A connection: what the list says of bo is as their log is. */
  connect: (of?: Partial<ConversationCard>, epoch?: string) => Promise<void>
  /** Bo writes, and it is heard. */
  say: (count?: number) => void
  hear: (event: WireEvent) => void
}

export const createScene = (messages = 0): Scene => {
  const server = createTestServer()
  server.add(PEER, messages)
  const context = createTestContext(server)
  const conversations = buildConversations(context)
  const hear = (event: WireEvent): void => {
    conversations.hear(event)
    context.events.emit(event)
  }
  return {
    server,
    context,
    conversations,
    connect: async (of = {}, epoch = 'one') => {
      const lastSeq = server.log.length
      server.cards = [card({ userId: PEER, nickname: 'Bo', lastSeq, lastTime: lastSeq, ...of }), ...server.cards.slice(1)]
      await conversations.refresh(ready(epoch), Promise.resolve())
    },
    say: (count) => {
      for (const event of server.add(PEER, count)) hear(event)
    },
    hear,
  }
}
