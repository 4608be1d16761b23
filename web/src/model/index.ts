// The model: everything that the page shows and does, without a page.
import { Backoff, isLogEvent, type OwnList, type Ready, type WireEvent } from '../client'
import { createCache, type Kept } from './cache'
import type { Context, ListName } from './context'
import { createConversations, type Conversations } from './conversation'
import { createDevices, type Devices } from './device'
import { createEvents } from './events'
import { createFriends, type Friends } from './friend'
import { createGroups, type Groups } from './group'
import { createInbox, type Inbox } from './inbox'
import { createLink, type ConnectionState } from './link'
import { createPeople, type People } from './people'
import { createSchedule, debounce } from './schedule'
import { createSearch, type Search } from './search'
import { createServerFacts, type ServerFacts } from './server'
import { createSession, type Session } from './session'

export { isAhead } from './clock'
export type { Conversation, Conversations, Keep } from './conversation'
export type { DeviceRow, Devices } from './device'
export type { Friend, Friends } from './friend'
export type { Group, GroupChange, Groups, Member, Role } from './group'
export type { Inbox, InboxRow } from './inbox'
export * from './key'
export type { ConnectionState } from './link'
export { isBlank, type People, type Person } from './people'
export type { FoundMessage, FoundPage, Search } from './search'
export type { ServerFacts } from './server'
export type { Ended, Me, Session } from './session'
export type { Message, Outgoing, Reaction, Timeline, Upload } from './timeline'

export interface Files {
  url: (fileId: string) => string
  thumbUrl: (fileId: string) => string
}

export interface Model {
  session: Session
  connection: ConnectionState
  conversations: Conversations
  friends: Friends
  groups: Groups
  people: People
  inbox: Inbox
  search: Search
  files: Files
  devices: Devices
  server: ServerFacts
}

export interface ModelOptions {
  /** The server's origin; empty for the page's own. */
  base: string
  /** `wss://chat.example/ws` */
  socketUrl: string
  /** Whether somebody is logged in, as far as the browser can tell: what he sees is then made ready while the server is asked who. */
  expected: boolean
  /** Calls back when the next picture is made. */
  nextFrame: (callback: () => void) => void
}

/** How long a tab that is gone may take to come back and take its own messages, as a reload does, in ms. */
const RELOAD = 4_000

const isKeptNowhere = (event: WireEvent): boolean => isLogEvent(event) && event.data.seq === undefined

const NAMES: Record<OwnList, ListName> = { friends: 'friends', groups: 'groups', requests: 'inbox' }

export const createModel = (options: ModelOptions): Model => {
  const cache = createCache()
  const events = createEvents()
  const server = createServerFacts(cache)
  const schedule = createSchedule(options.nextFrame)

  /** Events that came while the lists were fetched, which may be older than they are. */
  let held: WireEvent[] | undefined
  let round = 0
  /** Between rounds that failed. */
  const pauses = new Backoff()

  const hear = (event: WireEvent): void => {
    if (held) held.push(event)
    else dispatch(event)
  }
  const dispatch = (event: WireEvent): void => {
    conversations.hear(event)
    events.emit(event)
  }

  /** What came meanwhile, and from here on all that comes. */
  const goOn = (): void => {
    const since = held ?? []
    held = undefined
    for (const event of since) dispatch(event)
  }

  /** Brings everything to what the server has; again until it is, or until the connection is another one. */
  const refresh = async (ready: Ready): Promise<void> => {
    const mine = ++round
    // What came before is in what is fetched now, but for messages that are kept nowhere.
    held = held?.filter(isKeptNowhere) ?? []
    try {
      await session.present()
      if (mine !== round) return
      await conversations.refresh(ready, fetchLists(['friends', 'groups']))
      // Three questions more, after what they are not needed for has been drawn.
      await new Promise<void>(options.nextFrame)
      if (mine === round) await fetchLists(['inbox'])
    } catch {
      if (mine !== round) return
      // Until the server answers, what is heard and follows on what is here is all that can be shown.
      conversations.goOn()
      goOn()
      if (link.state.state === 'open') setTimeout(() => void again(mine, ready), pauses.next())
      return
    }
    if (mine !== round) return
    link.state.synced = true
    pauses.reset()
    goOn()
    // The own profile may be another one since the last connection; before the first the page has asked for it.
    if (mine > 1) void session.look()
  }
  const again = async (mine: number, ready: Ready): Promise<void> => {
    if (mine === round && link.state.state === 'open') await refresh(ready)
  }

  const link = createLink(options, {
    ready: (ready, at) => {
      server.learn(ready, at)
      void refresh(ready)
    },
    event: hear,
    lost: () => friends.forgetPresence(),
    ended: (why) => void session.end(why),
    tabGone: debounce(RELOAD, () => {
      if (session.state === 'in') void conversations.adopt()
    }),
    note: (note) => {
      if (note.note === 'logged-in') void session.look()
      if (note.note === 'logged-out') void session.leave()
    },
  })

  const nouns: { restore: (kept: Kept) => void; clear: () => void } = { restore: () => undefined, clear: () => undefined }
  const session = createSession(
    link,
    cache,
    {
      restore: (kept) => nouns.restore(kept),
      clear: () => nouns.clear(),
    },
    options.expected,
  )
  const context: Context = {
    link,
    events,
    cache,
    schedule,
    changed: (...lists) => fetchLists(lists),
    here: server.here,
    keep: () => server.limits?.keep ?? 'forever',
    me: () => session.me?.id ?? '',
  }
  const people = createPeople(context)
  const friends = createFriends(context, people)
  const groups = createGroups(context, people)
  const inbox = createInbox(context)
  const fetched = { friends, groups, inbox }
  /** Lists that changed since they were fetched. */
  const stale = new Set<ListName>()
  const fetchLists = async (lists: ListName[]): Promise<void> => {
    for (const list of lists) stale.delete(list)
    await Promise.all(lists.map((list) => fetched[list].refresh()))
  }
  const fetchStale = debounce(150, () => void fetchLists([...stale]).catch(() => undefined))
  events.on('lists_changed', ({ data }) => {
    for (const list of data.lists) stale.add(NAMES[list])
    fetchStale()
  })
  events.on('user_updated', ({ data }) => {
    people.learn(data)
    session.learn(data)
  })
  const conversations = createConversations(context, people, friends, groups)

  nouns.restore = (kept) => {
    const { me } = session
    if (me) people.learn({ userId: me.id, username: me.username, nickname: me.nickname, headImg: me.headImg })
    for (const noun of [friends, groups, inbox, server]) noun.restore(kept)
    conversations.restore(kept)
  }
  nouns.clear = () => {
    round++
    held = undefined
    fetchStale.cancel()
    stale.clear()
    for (const noun of [conversations, inbox, groups, friends, people]) noun.clear()
  }

  void session.start()

  return {
    session,
    connection: link.state,
    conversations,
    friends,
    groups,
    people,
    inbox,
    search: createSearch(context, friends, groups),
    files: {
      url: (fileId) => `${options.base}/api/file/${fileId}`,
      thumbUrl: (fileId) => `${options.base}/api/file/${fileId}/thumb`,
    },
    devices: createDevices(context),
    server,
  }
}
