import { computed } from '@vue/reactivity'
import { afterEach, expect, test, vi } from 'vitest'

import { createFriends } from '../friend'
import { createGroups, type Group } from '../group'
import { createPeople } from '../people'
import { createScene, createTestContext, createTestServer } from '../testing'
import { createRow } from './row'

afterEach(() => vi.useRealTimers())

test('who is muted may write again when that is over, by the clock of the server', async () => {
  vi.useFakeTimers()
  const context = createTestContext(createTestServer())
  // This machine's clock is a minute behind.
  context.here = (time) => time - 60_000
  const people = createPeople(context)
  const groups = createGroups(context, people)
  const group: Partial<Group> = { groupId: 'g', role: 'member', mutedUntil: Date.now() + 60_000 + 5_000, muteAll: false }
  context.cache.keepList('groups', [group])
  groups.restore(await context.cache.kept())
  const row = createRow('g:g', context, { people, friends: createFriends(context, people), groups })
  const writable = computed(() => row.writable)
  expect(writable.value).toBe('muted')
  vi.advanceTimersByTime(5_000)
  expect(writable.value).toBe('yes')
})

test('a conversation that begins is kept as the server says, until its card is here', async () => {
  const { context, conversations, connect } = createScene(1)
  context.keep = () => 30
  expect(conversations.ensure('u:bo').keep).toBe(30)
  await connect({ keep: 'until-delivered' })
  expect(conversations.ensure('u:bo').keep).toBe('until-delivered')
})
