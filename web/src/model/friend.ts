// Friends: the list, and what one does with them.
import { computed, shallowReactive } from '@vue/reactivity'

import { LIMITS } from '../client'
import type { Kept } from './cache'
import type { Context } from './context'
import { byName } from './order'
import { isSame } from './same'
import type { People, Person } from './people'
import { debounce, throttle } from './schedule'

export interface Friend extends Person {
  remark: string
  /** Not known while the server is away. */
  online: boolean | undefined
  favourite: boolean
  blocked: boolean
}

export interface Friends {
  /** Favourites first, then by name. */
  readonly list: readonly Friend[]
  get: (userId: string) => Friend | undefined
  /** By exact username, and by a part of the nickname. */
  find: (text: string) => Promise<Person[]>
  add: (userId: string, remark: string) => Promise<void>
  remove: (userId: string) => Promise<void>
  setRemark: (userId: string, remark: string) => Promise<void>
  setFavourite: (userId: string, on: boolean) => Promise<void>
  setBlocked: (userId: string, on: boolean) => Promise<void>
  /** Whom one has blocked, friends or not. */
  blocked: () => Promise<Person[]>
  /** Fetches the list. */
  refresh: () => Promise<void>
  /** Nobody tells any more who is there. */
  forgetPresence: () => void
  restore: (kept: Kept) => void
  clear: () => void
}

const nameOf = (friend: Friend): string => friend.remark || friend.nickname || friend.username

export const createFriends = (context: Context, people: People): Friends => {
  const { link, events, cache, me } = context
  const { client } = link
  const friends = shallowReactive(new Map<string, Friend>())

  const put = (friend: Friend): void => {
    const before = friends.get(friend.userId)
    if (before && isSame(before, friend)) return
    friends.set(friend.userId, friend)
    people.learn({
      userId: friend.userId,
      username: friend.username,
      nickname: friend.nickname,
      headImg: friend.headImg,
      sex: friend.sex,
      sign: friend.sign,
    })
    people.setRemark(friend.userId, friend.remark)
  }
  const drop = (userId: string): void => {
    friends.delete(userId)
    people.setRemark(userId, '')
  }
  const change = (userId: string, to: Partial<Friend>): void => {
    const friend = friends.get(userId)
    if (friend) put({ ...friend, ...to })
  }
  const keep = throttle(1_000, () => cache.keepList('friends', [...friends.values()]))

  const replace = (list: readonly Friend[]): void => {
    const now = new Set(list.map((friend) => friend.userId))
    for (const userId of friends.keys()) if (!now.has(userId)) drop(userId)
    for (const friend of list) put(friend)
  }

  const refresh = async (): Promise<void> => {
    const asker = me()
    const { list } = await client.get('/api/friend/get_friend_list', {})
    // Who asked may have logged out.
    if (me() !== asker) return
    replace(list.map(({ status, ...card }) => ({ ...card, online: status === '1' })))
    keep()
  }
  const refreshSoon = debounce(150, () => void refresh().catch(() => undefined))

  events.on('friend_add_result', ({ data }) => {
    if (data.agree) refreshSoon()
  })
  events.on('friend_deleted', ({ fromUserId }) => drop(fromUserId))
  events.on('friend_status_change', ({ fromUserId, data }) => {
    change(fromUserId, {
      online: data.status === '1',
      nickname: data.nickname,
      headImg: data.headImg,
    })
  })
  events.on('user_updated', ({ data }) => change(data.userId, data))
  events.on('friend_updated', ({ data }) => {
    change(data.userId, { remark: data.remark, favourite: data.favourite, blocked: data.blocked })
  })

  const sorted = computed(() =>
    [...friends.values()].sort(
      (a, b) =>
        Number(b.favourite) - Number(a.favourite) || byName(nameOf(a), nameOf(b)),
    ),
  )

  return {
    get list() {
      return sorted.value
    },
    get: (userId) => friends.get(userId),
    find: async (text) => {
      const part = text.slice(0, LIMITS.nickname.max)
      const [exact, similar] = await Promise.all([
        client.get('/api/friend/search_user', { username: part }),
        client.get('/api/friend/search_user', { nickname: part }),
      ])
      const found = new Map([...exact.list, ...similar.list].map((card) => [card.userId, card]))
      for (const card of found.values()) people.learn(card)
      return [...found.values()]
    },
    add: async (userId, remark) => {
      await link.call('/ws/friend/add', { userId, remark })
      await context.changed('inbox', 'friends')
    },
    remove: async (userId) => {
      await link.call('/ws/friend/del', { userId })
      drop(userId)
      await context.changed('friends')
    },
    setRemark: async (userId, remark) => {
      await client.post('/api/friend/set_remark', { friendUserId: userId, remark })
      change(userId, { remark })
    },
    setFavourite: async (userId, favourite) => {
      await link.call('/ws/friend/favourite', { userId, favourite })
      change(userId, { favourite })
    },
    setBlocked: async (userId, block) => {
      await link.call('/ws/friend/block', { userId, block })
      change(userId, { blocked: block })
    },
    blocked: async () => {
      const all = new Map<string, Person>()
      for (let page = 1; ; page++) {
        const { list } = await client.get('/api/friend/block_list', { page })
        // Who is blocked meanwhile moves the others: one of them may come twice.
        for (const person of list) all.set(person.userId, person)
        if (list.length < LIMITS.page) return [...all.values()]
      }
    },
    refresh,
    forgetPresence: () => {
      for (const userId of friends.keys()) change(userId, { online: undefined })
    },
    restore: (kept) => replace((kept.list<Friend[]>('friends') ?? []).map((friend) => ({ ...friend, online: undefined }))),
    clear: () => {
      keep.cancel()
      friends.clear()
    },
  }
}
