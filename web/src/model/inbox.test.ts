// What of the requests and invitations is news.
import { expect, test } from 'vitest'

import type { Client } from '../client'
import { createInbox, type InboxRow } from './inbox'
import { createTestContext, createTestServer, ME, PEER } from './testing'

type Card = Record<string, unknown>
interface Lists {
  friend: Card[]
  apply: Card[]
  invite: Card[]
}

const card = (id: Card, fromUserId: string, state?: string): Card => ({
  ...id,
  fromUserId,
  toUserId: fromUserId === ME ? PEER : ME,
  username: 'bo',
  nickname: 'Bo',
  headImg: '',
  remark: '',
  createTime: 1,
  ...(state === undefined ? {} : { state }),
})

const create = () => {
  const lists: Lists = { friend: [], apply: [], invite: [] }
  const context = createTestContext(createTestServer())
  const replies: Record<string, () => Card[]> = {
    '/api/user/friend_apply_list': () => lists.friend,
    '/api/user/group_apply_list': () => lists.apply,
    '/api/user/group_invite_list': () => lists.invite,
  }
  context.link.client = { get: (path: string) => Promise.resolve({ list: replies[path]?.() ?? [] }) } as unknown as Client
  const inbox = createInbox(context)
  const told: string[] = []
  inbox.onNews(({ kind, id, state }: InboxRow) => told.push(`${kind} ${id} ${state}`))
  return { lists, inbox, told }
}

test('what waits already when the reader comes is no news, what comes later is, once', async () => {
  const { lists, inbox, told } = create()
  lists.friend = [card({ friendApplyId: 'old' }, PEER)]
  await inbox.refresh()
  expect(told).toEqual([])
  expect(inbox.waiting).toBe(1)
  lists.friend.push(card({ friendApplyId: 'new' }, PEER))
  lists.apply = [card({ groupApplyId: 'in', groupId: 'g' }, PEER)]
  lists.invite = [card({ groupInviteId: 'come', groupId: 'h' }, PEER)]
  await inbox.refresh()
  await inbox.refresh()
  expect(told.toSorted()).toEqual(['friend new pending', 'group_apply in pending', 'group_invite come pending'])
})

test('that somebody accepts is news, that somebody declines is not, nor what one answers oneself', async () => {
  const { lists, inbox, told } = create()
  const at = (state: string): void => {
    lists.friend = [card({ friendApplyId: 'mine' }, ME, state), card({ friendApplyId: 'theirs' }, PEER, state)]
    lists.apply = [card({ groupApplyId: 'mine', groupId: 'g' }, ME, state === 'agreed' ? 'refused' : state)]
    // Who joins a group is seen there.
    lists.invite = [card({ groupInviteId: 'mine', groupId: 'h' }, ME, state)]
  }
  at('pending')
  await inbox.refresh()
  at('agreed')
  await inbox.refresh()
  expect(told).toEqual(['friend mine agreed'])
})

test('whoever logs in next is told nothing of what was there before', async () => {
  const { lists, inbox, told } = create()
  await inbox.refresh()
  inbox.clear()
  lists.friend = [card({ friendApplyId: 'old' }, PEER)]
  await inbox.refresh()
  expect(told).toEqual([])
})
