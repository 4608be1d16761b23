// Conversations: the list, what is unread, drafts, who is typing; and the logs behind them, heard without gaps.
import { computed, shallowReactive, shallowRef, toRaw } from '@vue/reactivity'

import {
  conversationOf,
  isLogEvent,
  LIMITS,
  Resume,
  type ConversationCard,
  type Keep,
  type LogEvent,
  type Ready,
  type WireEvent,
} from '../client'
import type { Context } from './context'
import type { Friends } from './friend'
import type { Groups } from './group'
import { addressOf, groupOf, groupKey, keyOf, userOf, type ConversationKey } from './key'
import { changed, fromEvent, fromWire, isChat, namesReader, type Message } from './message'
import { createOutbox } from './outbox'
import { isBlank, type People } from './people'
import { throttle } from './schedule'
import { createTimeline, type Timeline, type TimelineControl } from './timeline'

export type { Keep } from '../client'

export interface Conversation {
  readonly key: ConversationKey
  /** The friend's remark or nickname, or the group's nickname. */
  readonly title: string
  readonly headImg: string
  readonly last: Message | undefined
  /** ms since 1970; 0 before the first message. */
  readonly lastTime: number
  /** 100 stands for any number above 99. */
  readonly unread: number
  /** Whether an unread message names the reader. */
  readonly mentioned: boolean
  readonly muted: boolean
  readonly pinned: boolean
  readonly draft: string
  /** Ids of who is writing now. */
  readonly typing: readonly string[]
  /** Between two: up to where the other has read; otherwise 0. */
  readonly peerReadSeq: number
  readonly keep: Keep
  readonly keepWish: Keep | undefined
  readonly peerKeepWish: Keep | undefined
  /** Whether the reader may write, or why not. */
  readonly writable: 'yes' | 'no-friend' | 'not-member' | 'blocked-by-me' | 'muted' | 'muted-all'
}

export interface Conversations {
  /** Pinned first, then the newest first. */
  readonly list: readonly Conversation[]
  /** Unread messages of all that are not muted. */
  readonly unread: number
  get: (key: ConversationKey) => Conversation | undefined
  ensure: (key: ConversationKey) => Conversation
  /** Its messages. Call it once each time that the reader comes to the conversation. */
  timeline: (key: ConversationKey) => Timeline
  /** All that is there counts as read, without being looked at. */
  markRead: (key: ConversationKey) => void
  setDraft: (key: ConversationKey, text: string) => void
  /** The reader is writing; may be called at every keystroke. */
  typing: (key: ConversationKey) => void
  setMuted: (key: ConversationKey, on: boolean) => Promise<void>
  setPinned: (key: ConversationKey, on: boolean) => Promise<void>
  /** Undefined leaves it to the server's setting. */
  setKeep: (key: ConversationKey, keep: Keep | undefined) => Promise<void>
  /** Calls back for each message of others that comes live. */
  onIncoming: (listener: (conversation: Conversation, message: Message) => void) => void
}

/** What the rest of the model does with the conversations. */
export interface ConversationsControl extends Conversations {
  hear: (event: WireEvent) => void
  /** Brings everything to what the server has, after a connection; shows it once the `lists` are here that say who everybody is. */
  refresh: (ready: Ready, lists: Promise<void>) => Promise<void>
  restore: () => Promise<void>
  clear: () => void
}

type Writeable<T> = { -readonly [K in keyof T]: T[K] }

interface State extends Writeable<Omit<Conversation, 'title' | 'headImg' | 'writable'>> {
  readonly title: string
  readonly headImg: string
  readonly writable: Conversation['writable']
  /** As the server's list had them: for who is neither a friend nor in a group any more. */
  shownTitle: string
  shownHeadImg: string
  readSeq: number
  lastSeq: number
}

/** What is kept in the browser of one conversation. */
type Kept = Omit<State, 'title' | 'headImg' | 'writable' | 'draft' | 'typing'>

/** How long somebody counts as writing, in ms. */
const TYPING = 5_000
/** How often the others are told, in ms. */
const TELL_TYPING = 3_000
/** Timelines that stay in memory. */
const TIMELINES = 12
/** Entries missed beyond which a conversation is read anew instead of replayed. */
const REPLAYED = 1_000
const MANY = 100

export const createConversations = (
  context: Context,
  people: People,
  friends: Friends,
  groups: Groups,
): ConversationsControl => {
  const { link, events, cache, schedule, me } = context
  const states = new Map<ConversationKey, State>()
  const timelines = new Map<ConversationKey, TimelineControl>()
  const order = shallowRef<readonly State[]>([])
  const listeners: ((conversation: Conversation, message: Message) => void)[] = []
  const typists = new Map<string, ReturnType<typeof setTimeout>>()
  let toldTyping = { key: '' as string, at: 0 }
  let epoch: string | undefined

  const create = (key: ConversationKey): State => {
    const userId = userOf(key)
    const groupId = groupOf(key)
    const state: State = shallowReactive({
      key,
      last: undefined,
      lastTime: 0,
      unread: 0,
      mentioned: false,
      muted: false,
      pinned: false,
      draft: '',
      typing: [],
      peerReadSeq: 0,
      keep: 'forever' as Keep,
      keepWish: undefined,
      peerKeepWish: undefined,
      shownTitle: '',
      shownHeadImg: '',
      readSeq: 0,
      lastSeq: 0,
      get title() {
        if (userId !== undefined) return people.name(userId) || state.shownTitle
        const group = groups.get(groupId ?? '')
        if (!group) return state.shownTitle
        return isBlank(group.groupNickname) ? group.groupName : group.groupNickname
      },
      get headImg() {
        if (userId !== undefined) return people.get(userId)?.headImg || state.shownHeadImg
        return groups.get(groupId ?? '')?.groupHeadImg ?? state.shownHeadImg
      },
      get writable() {
        if (userId !== undefined) {
          const friend = friends.get(userId)
          if (!friend) return link.state.synced ? 'no-friend' : 'yes'
          return friend.blocked ? 'blocked-by-me' : 'yes'
        }
        const group = groups.get(groupId ?? '')
        if (!group) return link.state.synced ? 'not-member' : 'yes'
        if (group.mutedUntil > Date.now()) return 'muted'
        return group.muteAll && group.role === 'member' ? 'muted-all' : 'yes'
      },
    })
    return state
  }

  const sort = (): void => {
    const before = order.value
    // Read past the reactivity: nobody listens here, and a thousand of them are compared ten thousand times.
    const now = [...states.values()]
      .map(toRaw)
      .filter((state) => state.lastTime > 0 || state.draft)
      .sort((a, b) => Number(b.pinned) - Number(a.pinned) || b.lastTime - a.lastTime)
      .map((state) => shallowReactive(state))
    // Mostly a message or a draft changes a row and no place: then there is no list to lay out anew.
    if (now.length !== before.length || now.some((state, at) => state !== before[at])) order.value = now
  }
  const reorder = (): void => {
    sort()
    keep()
  }
  const reorderSoon = (): void => schedule.soon(reorder)

  const keep = throttle(1_000, () => {
    const rows = [...states.values()].map(toRaw).map((state): Kept => {
      const { title, headImg, writable, draft, typing, ...kept } = state
      return { ...kept, shownTitle: title, shownHeadImg: headImg }
    })
    cache.keepList('conversations', rows)
  })

  const ensure = (key: ConversationKey): State => {
    let state = states.get(key)
    if (!state) {
      state = create(key)
      states.set(key, state)
    }
    return state
  }

  const remove = (key: ConversationKey): void => {
    states.delete(key)
    timelines.delete(key)
    resume.forget(key)
    cache.dropTimeline(key)
    reorderSoon()
  }

  const outbox = createOutbox(
    context,
    (key) => timelines.get(key),
    (key, message) => {
      const state = ensure(key)
      if (message.time < state.lastTime) return
      state.last = message
      state.lastTime = message.time
      state.lastSeq = Math.max(state.lastSeq, message.seq ?? 0)
      reorderSoon()
    },
  )

  const entry = (key: ConversationKey, event: LogEvent): void => {
    const known = states.has(key)
    const state = ensure(key)
    const timeline = timelines.get(key)
    if (isChat(event)) {
      const message = fromEvent(event, me())
      state.last = message
      state.lastTime = message.time
      stopTyping(key, message.fromUserId)
      if (!message.mine && (message.seq ?? Infinity) > state.readSeq && !timeline?.following) {
        state.unread = Math.min(state.unread + 1, MANY)
        state.mentioned ||= namesReader(message, me())
      }
      if (!message.mine && live) for (const listener of listeners) listener(state, message)
      if (!known && groupOf(key) === undefined) people.get(userOf(key) ?? '')
    } else if (state.last?.seq === event.data.targetSeq) {
      state.last = changed(state.last, event, me())
    }
    state.lastSeq = Math.max(state.lastSeq, event.data.seq ?? 0)
    timeline?.apply(event)
    reorderSoon()
  }

  const resume = new Resume({
    sync: (cursors, from) =>
      link.call('/ws/chat/sync', from === undefined ? { cursors } : { cursors, epoch: from }),
    entry,
    resync: (key, seq) => {
      ensure(key).lastSeq = seq
      cache.dropTimeline(key)
      void timelines.get(key)?.reload()
    },
    gone: remove,
  })

  /** Whether what is heard happens now; not while what was missed is replayed. */
  let live = false

  const read = (key: ConversationKey, seq: number): void => {
    const state = ensure(key)
    if (seq <= state.readSeq && state.unread === 0) return
    state.readSeq = Math.max(state.readSeq, seq)
    state.unread = 0
    state.mentioned = false
    tellRead(key, seq)
    keep()
  }
  /** What the server does not take now it is told again after the next connection. */
  const tellRead = (key: ConversationKey, seq: number): void => {
    link.call('/ws/chat/read', { ...addressOf(key), seq }).catch(() => undefined)
  }

  const open = (key: ConversationKey): TimelineControl => {
    const state = ensure(key)
    const timeline = createTimeline(key, context, {
      outbox,
      cursor: () => resume.cursor(key) ?? state.lastSeq,
      newestSeq: () => state.lastSeq,
      peerReadSeq: () => state.peerReadSeq,
      read: (seq) => read(key, seq),
    })
    timelines.set(key, timeline)
    outbox.show(key)
    for (const [old, idle] of timelines) {
      if (timelines.size <= TIMELINES) break
      if (!idle.busy() && old !== key) timelines.delete(old)
    }
    return timeline
  }

  const stopTyping = (key: ConversationKey, userId: string): void => {
    const state = states.get(key)
    clearTimeout(typists.get(`${key} ${userId}`))
    typists.delete(`${key} ${userId}`)
    if (state?.typing.includes(userId)) {
      state.typing = state.typing.filter((other) => other !== userId)
    }
  }

  events.on('chat_typing', (event) => {
    const key = conversationOf(event, me())
    const { fromUserId } = event
    const state = states.get(key)
    if (!state || fromUserId === me()) return
    clearTimeout(typists.get(`${key} ${fromUserId}`))
    typists.set(`${key} ${fromUserId}`, setTimeout(() => stopTyping(key, fromUserId), TYPING))
    if (!state.typing.includes(fromUserId)) state.typing = [...state.typing, fromUserId]
  })
  events.on('chat_read', (event) => {
    const { seq } = event.data
    const key = conversationOf(event, me())
    const state = states.get(key)
    if (!state) return
    if (event.fromUserId !== me()) {
      if (groupOf(key) === undefined) state.peerReadSeq = Math.max(state.peerReadSeq, seq)
      return
    }
    state.readSeq = Math.max(state.readSeq, seq)
    const behind = timelines
      .get(key)
      ?.messages.filter((message) => !message.mine && (message.seq ?? 0) > state.readSeq)
    if (state.readSeq >= (state.last?.seq ?? 0)) state.unread = 0
    else if (behind) state.unread = Math.min(state.unread, behind.length)
    if (state.unread === 0) state.mentioned = false
    keep()
  })
  events.on('chat_settings', ({ data }) => {
    const state = ensure(keyOf(data))
    state.muted = data.muted
    state.pinned = data.pinned
    reorderSoon()
  })
  events.on('chat_keep', (event) => {
    const state = states.get(conversationOf(event, me()))
    if (!state) return
    state.keep = event.data.keep
    if (event.fromUserId === me()) state.keepWish = event.data.wish
    else state.peerKeepWish = event.data.wish
  })
  groups.onGone((groupId) => remove(groupKey(groupId)))

  const show = (card: ConversationCard): State => {
    const state = ensure(keyOf(card))
    const { nickname, headImg, last, keepWish, peerKeepWish, peerReadSeq } = card
    Object.assign(state, {
      shownTitle: nickname,
      shownHeadImg: headImg,
      last: last && fromWire(last, me()),
      lastTime: card.lastTime,
      lastSeq: Math.max(state.lastSeq, card.lastSeq),
      readSeq: Math.max(state.readSeq, card.readSeq),
      peerReadSeq: peerReadSeq ?? 0,
      unread: timelines.get(state.key)?.following ? 0 : card.unread,
      mentioned: card.mentioned,
      muted: card.muted,
      pinned: card.pinned,
      keep: card.keep,
      keepWish,
      peerKeepWish,
    })
    return state
  }

  const cards = async (): Promise<ConversationCard[]> => {
    const all: ConversationCard[] = []
    let after: string | undefined
    do {
      const request = { limit: LIMITS.longestPage, ...(after === undefined ? {} : { after }) }
      const { list, next } = await link.call('/ws/chat/conversations', request)
      all.push(...list)
      after = next
    } while (after !== undefined)
    return all
  }

  const refresh = async (ready: Ready, lists: Promise<void>): Promise<void> => {
    live = false
    const restored = epoch !== undefined && epoch !== ready.epoch
    epoch = ready.epoch
    cache.keepList('epoch', epoch)
    const [all] = await Promise.all([cards(), lists])
    const listed = new Map(all.map((card) => [keyOf(card), card]))
    if (restored) cache.dropTimelines()
    for (const [key, state] of states) {
      if (!listed.has(key) && state.lastSeq > 0) remove(key)
    }
    const behind: ConversationKey[] = []
    for (const [key, card] of listed) {
      const timeline = timelines.get(key)
      const cursor = resume.cursor(key)
      const { readSeq } = ensure(key)
      if (restored) ensure(key).lastSeq = 0
      else if (readSeq > card.readSeq) tellRead(key, readSeq)
      show(card)
      if (!timeline || cursor === undefined || restored || card.lastSeq - cursor > REPLAYED) {
        resume.restart(key, card.lastSeq)
        if (timeline) void timeline.reload()
      } else if (timeline.failed) {
        void timeline.again()
        if (card.lastSeq > cursor) behind.push(key)
      } else if (card.lastSeq > cursor) {
        behind.push(key)
      }
    }
    await resume.catchUp(behind, epoch)
    reorder()
    outbox.wake()
    live = true
  }

  const unread = computed(() =>
    order.value.reduce((sum, state) => sum + (state.muted ? 0 : state.unread), 0),
  )

  return {
    get list() {
      return order.value
    },
    get unread() {
      return unread.value
    },
    get: (key) => states.get(key),
    ensure,
    timeline: (key) => {
      const timeline = timelines.get(key) ?? open(key)
      // The one used last is the last to leave memory.
      timelines.delete(key)
      timelines.set(key, timeline)
      timeline.enter(ensure(key).readSeq)
      return timeline
    },
    markRead: (key) => {
      const { lastSeq, unread } = ensure(key)
      if (unread > 0) read(key, lastSeq)
    },
    setDraft: (key, text) => {
      const state = ensure(key)
      if (state.draft === text) return
      const listed = state.draft !== ''
      state.draft = text
      cache.keepDraft(key, text)
      // A draft is kept by itself.
      if (listed !== (text !== '')) schedule.soon(sort)
    },
    typing: (key) => {
      const now = Date.now()
      if (toldTyping.key === key && now - toldTyping.at < TELL_TYPING) return
      toldTyping = { key, at: now }
      link.call('/ws/chat/typing', addressOf(key)).catch(() => undefined)
    },
    setMuted: async (key, muted) => {
      await link.call('/ws/chat/settings', { ...addressOf(key), muted })
      ensure(key).muted = muted
    },
    setPinned: async (key, pinned) => {
      await link.call('/ws/chat/settings', { ...addressOf(key), pinned })
      ensure(key).pinned = pinned
      reorder()
    },
    setKeep: async (key, wish) => {
      await link.call('/ws/chat/keep', {
        ...addressOf(key),
        ...(wish === undefined ? {} : { keep: wish }),
      })
      ensure(key).keepWish = wish
    },
    onIncoming: (listener) => void listeners.push(listener),
    hear: (event) => {
      if (isLogEvent(event)) resume.hear(conversationOf(event, me()), event)
    },
    refresh,
    restore: async () => {
      epoch = await cache.list<string>('epoch')
      for (const kept of (await cache.list<Kept[]>('conversations')) ?? []) {
        Object.assign(ensure(kept.key), kept)
      }
      for (const [key, text] of await cache.drafts()) ensure(key as ConversationKey).draft = text
      await outbox.restore()
      sort()
    },
    clear: () => {
      keep.cancel()
      live = false
      epoch = undefined
      outbox.clear()
      for (const key of states.keys()) resume.forget(key)
      states.clear()
      timelines.clear()
      for (const timer of typists.values()) clearTimeout(timer)
      typists.clear()
      order.value = []
    },
  }
}
