// Groups: the caller's, their members, and what one does in them.
import { computed, shallowReactive } from '@vue/reactivity'

import { LIMITS, type GroupCard, type GroupMemberChanged, type MemberCard } from '../client'
import type { Kept } from './cache'
import type { Context } from './context'
import { byName } from './order'
import type { People, Person } from './people'
import { debounce, throttle } from './schedule'

export type Role = 'owner' | 'admin' | 'member'

export interface Group {
  groupId: string
  groupName: string
  groupNickname: string
  groupHeadImg: string
  introduction: string
  ownerUserId: string
  join: 'open' | 'approval' | 'invitation'
  memberCount: number
  /** From here on: only what members know; defaults in groups that one is not in. */
  announcement: string
  invite: 'members' | 'operators'
  muteAll: boolean
  /** The caller's own; undefined: no member. */
  role: Role | undefined
  memberNickname: string
  mutedUntil: number
}

export interface Member extends Person {
  role: Role
  memberNickname: string
  remark: string
  mutedUntil: number
}

export type GroupChange = Partial<
  Pick<Group, 'groupNickname' | 'introduction' | 'announcement' | 'invite' | 'join' | 'muteAll'>
>

export interface Groups {
  readonly list: readonly Group[]
  get: (groupId: string) => Group | undefined
  /** As `get`, and of others what was found or loaded. */
  known: (groupId: string) => Group | undefined
  /** As the server has it now, whoever is in it. */
  load: (groupId: string) => Promise<Group>
  /** Owner, admins, then by name; empty until they are loaded. */
  members: (groupId: string) => readonly Member[]
  loadMembers: (groupId: string) => Promise<void>
  find: (text: string) => Promise<Group[]>
  create: (form: {
    groupName: string
    groupNickname: string
    introduction: string
    invite: string[]
  }) => Promise<Group>
  apply: (groupId: string, remark: string) => Promise<void>
  invite: (groupId: string, userId: string, remark: string) => Promise<void>
  leave: (groupId: string) => Promise<void>
  kick: (groupId: string, userId: string) => Promise<void>
  update: (groupId: string, change: GroupChange) => Promise<void>
  setAvatar: (groupId: string, image: Blob | undefined) => Promise<void>
  setRole: (groupId: string, userId: string, role: 'admin' | 'member') => Promise<void>
  handOver: (groupId: string, userId: string) => Promise<void>
  dissolve: (groupId: string) => Promise<void>
  /** 0 seconds: they may speak again. */
  mute: (groupId: string, userId: string, seconds: number) => Promise<void>
  setMyNickname: (groupId: string, nickname: string) => Promise<void>
  /** Calls back when the caller is no longer in a group, whatever the reason. */
  onGone: (listener: (groupId: string) => void) => void
  refresh: () => Promise<void>
  restore: (kept: Kept) => void
  clear: () => void
}

const rank: Record<Role, number> = { owner: 0, admin: 1, member: 2 }

const groupOf = (card: GroupCard): Group => ({
  groupId: card.groupId,
  groupName: card.groupName,
  groupNickname: card.groupNickname,
  groupHeadImg: card.groupHeadImg,
  introduction: card.introduction,
  ownerUserId: card.ownerUserId,
  join: card.join,
  memberCount: card.memberCount,
  announcement: card.announcement ?? '',
  invite: card.invite ?? 'members',
  muteAll: card.muteAll ?? false,
  role: card.role,
  memberNickname: card.memberNickname ?? '',
  mutedUntil: card.mutedUntil ?? 0,
})

/** Groups in portions of which the server tells the members at once. */
const portionsOf = (groupIds: Iterable<string>, sizeOf: (groupId: string) => number): string[][] => {
  const portions: string[][] = []
  let size = 0
  for (const groupId of groupIds) {
    const last = portions.at(-1)
    size += sizeOf(groupId)
    if (last && last.length < LIMITS.groupsAtOnce && size <= LIMITS.membersAtOnce) last.push(groupId)
    else {
      portions.push([groupId])
      size = sizeOf(groupId)
    }
  }
  return portions
}

export const createGroups = (context: Context, people: People): Groups => {
  const { link, events, cache, me } = context
  const { client } = link
  const groups = shallowReactive(new Map<string, Group>())
  const members = shallowReactive(new Map<string, readonly Member[]>())
  /** Groups of others, as they were found. */
  const others = shallowReactive(new Map<string, Group>())

  const goneListeners: ((groupId: string) => void)[] = []

  const keep = throttle(1_000, () => cache.keepList('groups', [...groups.values()]))
  const change = (groupId: string, to: Partial<Group>): void => {
    const group = groups.get(groupId)
    if (!group) return
    groups.set(groupId, { ...group, ...to })
    keep()
  }
  const drop = (groupId: string): void => {
    if (groups.delete(groupId)) for (const listener of goneListeners) listener(groupId)
    members.delete(groupId)
    others.delete(groupId)
    keep()
  }
  const replace = (list: readonly Group[]): void => {
    const now = new Set(list.map((group) => group.groupId))
    for (const groupId of groups.keys()) if (!now.has(groupId)) drop(groupId)
    for (const group of list) groups.set(group.groupId, group)
  }

  const refresh = async (): Promise<void> => {
    const asker = me()
    const { list } = await client.get('/api/group/get_group_list', { type: '1' })
    // Who asked may have logged out.
    if (me() !== asker) return
    replace(list.map(groupOf))
    keep()
    void reloadMembers()
  }
  const refreshSoon = debounce(150, () => void refresh().catch(() => undefined))

  const setMembers = (groupId: string, list: readonly Member[]): void => {
    const name = (member: Member): string =>
      member.remark || member.memberNickname || member.nickname || member.username
    members.set(
      groupId,
      [...list].sort((a, b) => rank[a.role] - rank[b.role] || byName(name(a), name(b))),
    )
  }
  const learn = (groupId: string, card: MemberCard): Member => {
    const { userId, username, nickname, headImg, sex, sign } = card
    people.learn({ userId, username, nickname, headImg, sex, sign })
    people.setMemberNickname(groupId, userId, card.memberNickname)
    return card
  }
  const changeInList = ({ groupId, userId, role, memberNickname, mutedUntil }: GroupMemberChanged): void => {
    people.setMemberNickname(groupId, userId, memberNickname)
    const list = members.get(groupId)
    if (!list?.some((member) => member.userId === userId)) return
    setMembers(groupId, list.map((member) => (member.userId === userId ? { ...member, role, memberNickname, mutedUntil } : member)))
  }
  /** For each list that is on its way, what was heard meanwhile: it may be newer. */
  const arriving = new Set<GroupMemberChanged[]>()
  const fetchMembers = async (ids: string[]): Promise<void> => {
    const since: GroupMemberChanged[] = []
    arriving.add(since)
    try {
      const lists = await client.get('/api/group/get_group_user_list', { groupId: ids })
      for (const groupId of ids) setMembers(groupId, (lists[groupId] ?? []).map((card) => learn(groupId, card)))
      for (const changed of since) changeInList(changed)
    } finally {
      arriving.delete(since)
    }
  }
  const loadMembers = (groupId: string): Promise<void> => fetchMembers([groupId])
  /** Of all groups that were looked at; nobody waits for them. */
  const reloadMembers = async (): Promise<void> => {
    const portions = portionsOf(members.keys(), (groupId) => groups.get(groupId)?.memberCount ?? 0)
    for (const ids of portions) await fetchMembers(ids).catch(() => undefined)
  }
  const changeMember = (data: GroupMemberChanged): void => {
    const { groupId, userId, role, memberNickname, mutedUntil } = data
    people.learn({ userId, username: data.username, nickname: data.nickname, headImg: data.headImg })
    for (const since of arriving) since.push(data)
    changeInList(data)
    if (userId === me()) change(groupId, { role, memberNickname, mutedUntil })
  }
  const recount = (groupId: string, by: number): void => {
    const group = groups.get(groupId)
    if (group) change(groupId, { memberCount: group.memberCount + by })
    if (members.has(groupId)) void loadMembers(groupId).catch(() => undefined)
  }

  events.on('group_updated', ({ data }) => {
    const { role, memberNickname, mutedUntil, ...shown } = groupOf(data)
    change(data.groupId, shown)
  })
  events.on('group_role', ({ data }) => changeMember(data))
  events.on('group_muted', ({ data }) => changeMember(data))
  events.on('group_member_updated', ({ data }) => changeMember(data))
  events.on('user_updated', ({ data }) => {
    for (const [groupId, list] of members) {
      if (!list.some(({ userId }) => userId === data.userId)) continue
      setMembers(groupId, list.map((member) => (member.userId === data.userId ? { ...member, ...data } : member)))
    }
  })
  events.on('group_join', ({ data }) => {
    const { userId, username, nickname, headImg, sex, sign } = data
    people.learn({ userId, username, nickname, headImg, sex, sign })
    recount(data.groupId, 1)
  })
  events.on('group_leave', ({ data }) => recount(data.groupId, -1))
  events.on('group_kicked_out', ({ data }) => drop(data.groupId))
  events.on('group_dissolved', ({ data }) => drop(data.groupId))
  events.on('group_add_result', ({ data }) => {
    if (data.agree) refreshSoon()
  })

  const sorted = computed(() =>
    [...groups.values()].sort((a, b) => byName(a.groupNickname, b.groupNickname)),
  )

  return {
    get list() {
      return sorted.value
    },
    get: (groupId) => groups.get(groupId),
    known: (groupId) => groups.get(groupId) ?? others.get(groupId),
    load: async (groupId) => {
      const group = groupOf(await client.get('/api/group/get_info', { groupId }))
      if (group.role !== undefined) groups.set(groupId, group)
      else others.set(groupId, group)
      return group
    },
    members: (groupId) => members.get(groupId) ?? [],
    loadMembers,
    find: async (text) => {
      const part = text.slice(0, LIMITS.nickname.max)
      const [exact, similar] = await Promise.all([
        client.get('/api/group/search', { groupName: part }),
        client.get('/api/group/search', { groupNickname: part }),
      ])
      const found = new Map([...exact.list, ...similar.list].map((card) => [card.groupId, card]))
      for (const card of found.values()) others.set(card.groupId, groupOf(card))
      return [...found.values()].map((card) => groups.get(card.groupId) ?? groupOf(card))
    },
    create: async ({ invite, ...form }) => {
      const { groupId } = await client.post('/api/group/create', form)
      await Promise.allSettled(
        invite.map((userId) => link.call('/ws/group/invite', { groupId, userId, remark: '' })),
      )
      await context.changed('groups', 'inbox')
      const group = groups.get(groupId)
      if (!group) throw new Error('the new group is not in the list')
      return group
    },
    apply: async (groupId, remark) => {
      await link.call('/ws/group/add', { groupId, remark })
      await context.changed('inbox', 'groups')
    },
    invite: async (groupId, userId, remark) => {
      await link.call('/ws/group/invite', { groupId, userId, remark })
    },
    leave: async (groupId) => {
      await link.call('/ws/group/leave', { groupId })
      drop(groupId)
      await context.changed('groups')
    },
    kick: async (groupId, userId) => {
      await link.call('/ws/group/kick', { groupId, userId })
      await loadMembers(groupId)
    },
    update: async (groupId, to) => {
      await link.call('/ws/group/update', { groupId, ...to })
      change(groupId, to)
    },
    setAvatar: async (groupId, image) => {
      const card = await client.form('/api/group/update_avatar', { groupId, headImage: image })
      change(groupId, { groupHeadImg: card.groupHeadImg })
    },
    setRole: async (groupId, userId, role) => {
      await link.call('/ws/group/set_role', { groupId, userId, role })
    },
    handOver: async (groupId, userId) => {
      await link.call('/ws/group/hand_over', { groupId, userId })
      await context.changed('groups')
    },
    dissolve: async (groupId) => {
      await link.call('/ws/group/dissolve', { groupId })
      drop(groupId)
    },
    mute: async (groupId, userId, seconds) => {
      await link.call('/ws/group/mute', { groupId, userId, seconds })
    },
    setMyNickname: async (groupId, nickname) => {
      await link.call('/ws/group/set_nickname', { groupId, nickname })
      change(groupId, { memberNickname: nickname })
    },
    onGone: (listener) => void goneListeners.push(listener),
    refresh,
    restore: (kept) => {
      // Nobody is told that a group is gone because it is not kept: its draft would go with it, in every tab.
      for (const group of kept.list<Group[]>('groups') ?? []) groups.set(group.groupId, group)
    },
    clear: () => {
      keep.cancel()
      groups.clear()
      members.clear()
      others.clear()
    },
  }
}
