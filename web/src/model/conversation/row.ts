// One conversation of the list: what is known of it, and what it is called here.
import { shallowReactive } from '@vue/reactivity'

import type { ConversationCard, Keep } from '../../client'
import { isAhead } from '../clock'
import type { Context } from '../context'
import type { Friends } from '../friend'
import type { Groups } from '../group'
import { groupOf, userOf, type ConversationKey } from '../key'
import { fromWire, type Message } from '../message'
import { isBlank, type People } from '../people'

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

type Writeable<T> = { -readonly [K in keyof T]: T[K] }

/** A conversation as the model changes it. */
export interface Row extends Writeable<Omit<Conversation, 'title' | 'headImg' | 'writable'>> {
  readonly title: string
  readonly headImg: string
  readonly writable: Conversation['writable']
  /** As the server's list had them: for who is neither a friend nor in a group any more. */
  shownTitle: string
  shownHeadImg: string
  /** Up to where the reader has read. */
  readSeq: number
  /** The newest entry of the log. */
  lastSeq: number
  /** Up to where the server's list had counted what is unread. */
  countedSeq: number
}

const KEPT = [
  'key', 'last', 'lastTime', 'unread', 'mentioned', 'muted', 'pinned', 'peerReadSeq', 'keep', 'keepWish', 'peerKeepWish',
  'shownTitle', 'shownHeadImg', 'readSeq', 'lastSeq', 'countedSeq',
] as const

/** What is kept in the browser of a conversation. */
export type KeptRow = Pick<Row, (typeof KEPT)[number]>

export interface Names {
  people: People
  friends: Friends
  groups: Groups
}

export const createRow = (key: ConversationKey, { link, here, keep }: Context, { people, friends, groups }: Names): Row => {
  const userId = userOf(key)
  const groupId = groupOf(key)
  const row: Row = shallowReactive({
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
    keep: keep(),
    keepWish: undefined,
    peerKeepWish: undefined,
    shownTitle: '',
    shownHeadImg: '',
    readSeq: 0,
    lastSeq: 0,
    countedSeq: 0,
    get title() {
      if (userId !== undefined) return people.name(userId) || row.shownTitle
      const group = groups.get(groupId ?? '')
      if (!group) return row.shownTitle
      return isBlank(group.groupNickname) ? group.groupName : group.groupNickname
    },
    get headImg() {
      if (userId !== undefined) return people.get(userId)?.headImg || row.shownHeadImg
      return groups.get(groupId ?? '')?.groupHeadImg ?? row.shownHeadImg
    },
    get writable() {
      if (userId !== undefined) {
        const friend = friends.get(userId)
        if (!friend) return link.state.synced ? 'no-friend' : 'yes'
        return friend.blocked ? 'blocked-by-me' : 'yes'
      }
      const group = groups.get(groupId ?? '')
      if (!group) return link.state.synced ? 'not-member' : 'yes'
      if (isAhead(here(group.mutedUntil))) return 'muted'
      return group.muteAll && group.role === 'member' ? 'muted-all' : 'yes'
    },
  })
  return row
}

/** Whether they are the same message in the same state: then nothing is drawn anew. */
const isSameState = (one: Message | undefined, other: Message | undefined): boolean =>
  one?.msgId === other?.msgId && one?.editedTime === other?.editedTime && one?.recalledTime === other?.recalledTime && one?.state === other?.state

/** Brings a row to what the server's list has. `following`: the reader is at its end. */
export const learnCard = (row: Row, card: ConversationCard, me: string, following: boolean): void => {
  const last = card.last && fromWire(card.last, me)
  Object.assign(row, {
    shownTitle: card.nickname,
    shownHeadImg: card.headImg,
    last: isSameState(row.last, last) ? row.last : last,
    lastTime: card.lastTime,
    lastSeq: Math.max(row.lastSeq, card.lastSeq),
    countedSeq: card.lastSeq,
    readSeq: Math.max(row.readSeq, card.readSeq),
    peerReadSeq: card.peerReadSeq ?? 0,
    unread: following ? 0 : card.unread,
    mentioned: card.mentioned,
    muted: card.muted,
    pinned: card.pinned,
    keep: card.keep,
    keepWish: card.keepWish,
    peerKeepWish: card.peerKeepWish,
  } satisfies Partial<Row>)
}

export const keptOf = (row: Row): KeptRow => {
  const kept = Object.fromEntries(KEPT.map((field) => [field, row[field]])) as KeptRow
  // Strangers are not asked after just to be kept: their name would be.
  return { ...kept, shownTitle: row.shownTitle || row.title, shownHeadImg: row.shownHeadImg || row.headImg }
}
