import { expect, test } from 'vitest'

import { Refusal } from '../client'
import { NOTHING } from './cache'
import { createGroups, type Group } from './group'
import { createPeople } from './people'
import { createTestContext, createTestServer, ME } from './testing'

test('the groups are there though the members of those that were looked at cannot be asked for', async () => {
  const context = createTestContext(createTestServer())
  const ids = Array.from({ length: 120 }, (_, at) => `g${at}`)
  const asked: string[][] = []
  let refuses = false
  const get = (path: string, query: { groupId?: string[] }): Promise<unknown> => {
    if (path.endsWith('get_group_list')) return Promise.resolve({ list: ids.map((groupId) => ({ groupId, groupName: groupId, groupNickname: groupId })) })
    asked.push(query.groupId ?? [])
    return refuses ? Promise.reject(new Refusal('9996')) : Promise.resolve({})
  }
  Object.assign(context.link.client, { get })
  const groups = createGroups(context, createPeople(context))
  for (const id of ids) await groups.loadMembers(id)
  asked.length = 0
  await groups.refresh()
  // Not one question for each.
  await expect.poll(() => asked.map(({ length }) => length)).toEqual([50, 50, 20])
  refuses = true
  await groups.refresh()
  expect(groups.list).toHaveLength(120)
})

test('a group that the browser keeps no more, as another tab has logged in again, is not gone', async () => {
  const context = createTestContext(createTestServer())
  const groups = createGroups(context, createPeople(context))
  const gone: string[] = []
  groups.onGone((groupId) => gone.push(groupId))
  const group: Partial<Group> = { groupId: 'g', groupNickname: 'Choir' }
  context.cache.keepList('groups', [group])
  groups.restore(await context.cache.kept())
  groups.restore(NOTHING)
  expect(gone).toEqual([])
  expect(groups.get('g')).toMatchObject(group)
})

/** Answers of a server where Ann and Bo are members of these groups, which have so many members; `asked` is of which at once. */
const serve = (counts: Record<string, number>) => {
  const context = createTestContext(createTestServer())
  const asked: string[][] = []
  const server = { role: 'member', answered: () => Promise.resolve() }
  const list = Object.entries(counts).map(([groupId, memberCount]) => ({ groupId, groupName: groupId, groupNickname: groupId, memberCount }))
  const get = async (path: string, query: { groupId?: string[] }): Promise<unknown> => {
    if (path.endsWith('get_group_list')) return { list }
    const ids = query.groupId ?? []
    asked.push(ids)
    if (ids.length > 1 && ids.reduce((sum, id) => sum + (counts[id] ?? 0), 0) > 20_000) throw new Refusal('9997')
    const members = ['ann', 'bo'].map((userId) => ({ userId, nickname: userId, username: userId, role: server.role, memberNickname: '' }))
    await server.answered()
    return Object.fromEntries(ids.map((id) => [id, members]))
  }
  Object.assign(context.link.client, { get })
  return { context, asked, server, groups: createGroups(context, createPeople(context)) }
}

test('of the members of large groups no more are asked for at once than the server tells', async () => {
  const { asked, server, groups } = serve({ a: 9_000, b: 11_000, c: 1, d: 50_000, e: 10_000, f: 10_000 })
  await groups.refresh()
  for (const groupId of 'abcdef') await groups.loadMembers(groupId)
  asked.length = 0
  server.role = 'admin'
  await groups.refresh()
  await expect.poll(() => groups.members('f').map(({ role }) => role)).toEqual(['admin', 'admin'])
  expect(asked).toEqual([['a', 'b'], ['c'], ['d'], ['e', 'f']])
})

test('what becomes of a member while the list is on its way is not undone by it', async () => {
  const { context, server, groups } = serve({ g: 2 })
  await groups.refresh()
  await groups.loadMembers('g')
  let letGo: (() => void) | undefined
  server.answered = () => new Promise((resolve) => (letGo = resolve))
  const loaded = groups.loadMembers('g')
  const change = { groupId: 'g', userId: 'bo', role: 'admin' as const, memberNickname: 'Bass', mutedUntil: 0, operatorUserId: 'ann' }
  context.events.emit({
    eventType: 'group_role',
    fromUserId: 'ann',
    toUserId: ME,
    time: 1,
    data: { ...change, groupName: 'g', groupNickname: 'g', username: 'bo', nickname: 'Bo', headImg: '' },
  })
  letGo?.()
  await loaded
  expect(groups.members('g').find(({ userId }) => userId === 'bo')).toMatchObject({ role: 'admin', memberNickname: 'Bass' })
})
