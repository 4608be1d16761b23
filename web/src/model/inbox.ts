// Requests and invitations, of friends and of groups, in both directions.
import { computed, shallowRef } from '@vue/reactivity'

import type { Kept } from './cache'
import type { Context } from './context'
import { debounce } from './schedule'

export interface InboxRow {
  kind: 'friend' | 'group_apply' | 'group_invite'
  id: string
  direction: 'received' | 'sent'
  state: 'pending' | 'agreed' | 'refused'
  /** The other one: who asks or invites, or who was asked or invited. */
  person: { userId: string; username: string; nickname: string; headImg: string }
  group:
    | { groupId: string; groupName: string; groupNickname: string; groupHeadImg: string }
    | undefined
  remark: string
  /** ms since 1970 */
  time: number
  handleTime: number | undefined
}

export interface Inbox {
  /** The newest first. */
  readonly rows: readonly InboxRow[]
  /** What waits for the reader's answer. */
  readonly waiting: number
  /**
   * What came while the reader was here: a request or an invitation that waits for him, or one of his requests that was accepted. After a
   * time without a connection, what came meanwhile.
   */
  onNews: (listener: (row: InboxRow) => void) => void
  answer: (row: InboxRow, agree: boolean) => Promise<void>
  refresh: () => Promise<void>
  restore: (kept: Kept) => void
  clear: () => void
}

/** What the three kinds of rows have in common on the wire. */
interface Card {
  fromUserId: string
  toUserId?: string
  username: string
  nickname: string
  headImg: string
  remark: string
  createTime: number
  state?: InboxRow['state']
  handleTime?: number
  groupId?: string
  groupName?: string
  groupNickname?: string
  groupHeadImg?: string
}

export const createInbox = ({ link, events, cache, me, changed }: Context): Inbox => {
  const { client } = link
  const rows = shallowRef<readonly InboxRow[]>([])
  const listeners: ((row: InboxRow) => void)[] = []
  /** The rows are the server's, and what changes from now on is news. */
  let current = false

  const rowOf = (kind: InboxRow['kind'], id: string, card: Card): InboxRow => {
    const direction = card.fromUserId === me() ? 'sent' : 'received'
    const { groupId, groupName = '', groupNickname = '', groupHeadImg = '' } = card
    return {
      kind,
      id,
      direction,
      state: card.state ?? 'pending',
      person: {
        userId: direction === 'sent' ? (card.toUserId ?? '') : card.fromUserId,
        username: card.username,
        nickname: card.nickname,
        headImg: card.headImg,
      },
      group: groupId === undefined ? undefined : { groupId, groupName, groupNickname, groupHeadImg },
      remark: card.remark,
      time: card.createTime,
      handleTime: card.handleTime,
    }
  }

  const isNews = (row: InboxRow, before: InboxRow | undefined): boolean => {
    if (row.direction === 'received') return row.state === 'pending' && before === undefined
    // Who joined a group that one invited them to is seen there.
    return row.kind !== 'group_invite' && row.state === 'agreed' && before?.state === 'pending'
  }
  const take = (next: readonly InboxRow[]): void => {
    const known = new Map(rows.value.map((row) => [`${row.kind} ${row.id}`, row]))
    const news = current ? next.filter((row) => isNews(row, known.get(`${row.kind} ${row.id}`))) : []
    rows.value = next
    current = true
    for (const row of news) for (const listener of listeners) listener(row)
  }

  const refresh = async (): Promise<void> => {
    const all = { direction: 'all' } as const
    const asker = me()
    const [friends, applies, invites] = await Promise.all([
      client.get('/api/user/friend_apply_list', all),
      client.get('/api/user/group_apply_list', all),
      client.get('/api/user/group_invite_list', all),
    ])
    // Who asked may have logged out.
    if (me() !== asker) return
    take(
      [
        ...friends.list.map((card) => rowOf('friend', card.friendApplyId, card)),
        ...applies.list.map((card) => rowOf('group_apply', card.groupApplyId, card)),
        ...invites.list.map((card) => rowOf('group_invite', card.groupInviteId, card)),
      ].sort((a, b) => b.time - a.time),
    )
    cache.keepList('inbox', rows.value)
  }
  const refreshSoon = debounce(150, () => void refresh().catch(() => undefined))

  for (const name of [
    'friend_add',
    'friend_add_result',
    'friend_deleted',
    'group_add',
    'group_add_result',
    'group_invite',
    'group_invite_result',
    'group_role',
    'group_kicked_out',
    'group_dissolved',
  ] as const) {
    events.on(name, refreshSoon)
  }
  // Who comes in one way is not waited for on another.
  events.on('group_join', ({ data }) => {
    const waits = rows.value.some(
      ({ state, group, person }) => state === 'pending' && group?.groupId === data.groupId && person.userId === data.userId,
    )
    if (waits) refreshSoon()
  })

  const waiting = computed(
    () => rows.value.filter((row) => row.direction === 'received' && row.state === 'pending').length,
  )

  return {
    get rows() {
      return rows.value
    },
    get waiting() {
      return waiting.value
    },
    answer: async ({ kind, id }, agree) => {
      try {
        if (kind === 'friend') {
          await link.call('/ws/friend/add_reply', { friendApplyId: id, agree })
        } else if (kind === 'group_apply') {
          await link.call('/ws/group/add_reply', { groupApplyId: id, agree })
        } else {
          await link.call('/ws/group/invite_reply', { groupInviteId: id, agree })
        }
      } finally {
        // Also after a refusal: somebody else may have answered it.
        const lists = kind === 'friend' ? ['friends' as const] : ['groups' as const]
        await changed('inbox', ...(agree ? lists : [])).catch(() => undefined)
      }
    },
    onNews: (listener) => void listeners.push(listener),
    refresh,
    restore: (kept) => {
      rows.value = kept.list<InboxRow[]>('inbox') ?? []
    },
    clear: () => {
      rows.value = []
      current = false
    },
  }
}
