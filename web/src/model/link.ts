// This tab's way to the server. One tab holds the socket and tells the others what it hears; the others call over HTTP.

import { shallowReactive } from '@vue/reactivity'

import {
  Client,
  type ConnectionStatus,
  type Ending,
  type OperationPath,
  type Ready,
  type ReplyOf,
  type RequestOf,
  type WireEvent,
} from '../client'
import { freshId } from './id'
import { aliveTabs, alone, beAlive, createLeadership, tabGone } from './leadership'

export interface ConnectionState {
  state: 'connecting' | 'open' | 'waiting' | 'off'
  /** ms since 1970, while `waiting`. */
  retryAt: number | undefined
  /** Whether what is shown is as the server has it. */
  synced: boolean
  /** Connects without waiting any longer; while connected, makes sure that it is. */
  tryNow: () => void
}

/** What tabs of one browser tell each other. */
export type Note =
  | { note: 'status'; status: ConnectionStatus }
  | { note: 'ready'; ready: Ready; at: number }
  | { note: 'event'; event: WireEvent }
  | { note: 'ended'; why: Ending }
  | { note: 'here'; tab: string }
  | { note: 'who' | 'tryNow' | 'logged-in' | 'logged-out' }

export interface LinkHandlers {
  /** A socket is open, in this tab or in another, since `at`: ms since 1970. */
  ready: (ready: Ready, at: number) => void
  event: (event: WireEvent) => void
  /** The socket is gone, and it takes a while until the next try. */
  lost: () => void
  ended: (why: Ending) => void
  /** Another tab was closed. */
  tabGone: () => void
  /** Another tab told something that is not of the socket. */
  note: (note: Note) => void
}

export interface Link {
  /** This tab's name. */
  tab: string
  /** The names of the tabs that live. */
  tabs: () => Promise<Set<string>>
  /** Does `job` while no other tab does one. */
  alone: (job: () => Promise<void>) => Promise<void>
  state: ConnectionState
  client: Client
  call: <P extends OperationPath>(path: P, data: RequestOf<P>) => Promise<ReplyOf<P>>
  /** Begins to hear the server, as the tab that holds the socket or from it. */
  start: () => void
  stop: () => void
  tell: (note: Note) => void
}

export const createLink = (
  options: { base: string; socketUrl: string },
  handlers: LinkHandlers,
): Link => {
  const tab = freshId()
  const channel = new BroadcastChannel('hongyan')
  const leadership = createLeadership(tab)
  let alive = false
  let started = false
  let leading = false
  let ready: { ready: Ready; at: number } | undefined

  const tell = (note: Note): void => channel.postMessage(note)

  const show = (status: ConnectionStatus): void => {
    state.state = status.state
    state.retryAt = status.state === 'waiting' ? status.retryAt : undefined
    if (status.state !== 'open') {
      state.synced = false
      ready = undefined
    }
    if (status.state === 'waiting') handlers.lost()
  }

  const client = new Client(options, {
    status: (status) => {
      show(status)
      if (leading) tell({ note: 'status', status })
    },
    ready: (now) => {
      ready = { ready: now, at: Date.now() }
      tell({ note: 'ready', ...ready })
      handlers.ready(now, ready.at)
    },
    event: (event) => {
      tell({ note: 'event', event })
      handlers.event(event)
    },
    ended: (why) => {
      tell({ note: 'ended', why })
      handlers.ended(why)
    },
  })

  const state: ConnectionState = shallowReactive({
    state: 'off',
    retryAt: undefined,
    synced: false,
    tryNow: () => {
      if (leading) client.connection.tryNow()
      else tell({ note: 'tryNow' })
    },
  })

  const hear = (note: Note): void => {
    if (note.note === 'who') {
      if (leading && ready) tell({ note: 'ready', ...ready })
      else if (leading) tell({ note: 'status', status: current() })
    } else if (note.note === 'tryNow') {
      if (leading) client.connection.tryNow()
    } else if (note.note === 'status' || note.note === 'ready' || note.note === 'event') {
      if (started && !leading) follow(note)
    } else if (note.note === 'ended') {
      if (started) handlers.ended(note.why)
    } else if (note.note === 'here') {
      watch(note.tab)
    } else {
      handlers.note(note)
    }
  }

  const watch = (other: string): void => void tabGone(other).then(handlers.tabGone, () => undefined)

  /** Tells the others that this tab lives, and hears of each of them when it does no more. */
  const join = async (): Promise<void> => {
    beAlive(tab, () => tell({ note: 'here', tab }))
    for (const other of await aliveTabs()) if (other !== tab) watch(other)
  }

  const current = (): ConnectionStatus =>
    state.state === 'waiting'
      ? { state: 'waiting', retryAt: state.retryAt ?? Date.now() }
      : { state: state.state }

  const follow = (note: Extract<Note, { note: 'status' | 'ready' | 'event' }>): void => {
    if (note.note === 'status') {
      if (note.status.state !== 'open') show(note.status)
    } else if (note.note === 'ready') {
      // The answer to another tab's question is no new connection.
      if (state.state === 'open' && ready?.at === note.at) return
      ready = note
      state.state = 'open'
      state.retryAt = undefined
      handlers.ready(note.ready, note.at)
    } else if (ready) {
      handlers.event(note.event)
    }
  }

  channel.addEventListener('message', (message: MessageEvent<Note>) => hear(message.data))

  return {
    tab,
    tabs: aliveTabs,
    alone,
    state,
    client,
    call: (path, data) => client.call(path, data),
    start: () => {
      if (started) return
      started = true
      show({ state: 'connecting' })
      leadership.campaign(
        () => {
          leading = true
          client.connection.start()
        },
        () => {
          leading = false
          client.connection.stop()
          tell({ note: 'who' })
        },
      )
      tell({ note: 'who' })
      // After the other lock, which the socket waits for.
      if (!alive) void join()
      alive = true
    },
    stop: () => {
      if (!started) return
      started = false
      client.connection.stop()
      leading = false
      leadership.resign()
      show({ state: 'off' })
    },
    tell,
  }
}
