import { expect, test } from 'vitest'

import { LIMITS } from '../client'
import { createFriends } from './friend'
import { createPeople } from './people'
import { createTestContext, createTestServer } from './testing'

test.each([0, 49, 50, 120])('all of %i blocked people are known, though the server gives them in pages', async (count) => {
  const context = createTestContext(createTestServer())
  const people = Array.from({ length: count }, (_, at) => ({ userId: `u${at}` }))
  const get = (_path: string, { page = 1 }: { page?: number }): Promise<unknown> =>
    Promise.resolve({ list: people.slice((page - 1) * LIMITS.page, page * LIMITS.page) })
  Object.assign(context.link.client, { get })
  expect(await createFriends(context, createPeople(context)).blocked()).toEqual(people)
})
