import { expect, test } from 'vitest'

import { Refusal } from '../client'
import { NOTHING } from './cache'
import { createGroups, type Group } from './group'
import { createPeople } from './people'
import { createTestContext, createTestServer } from './testing'

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
