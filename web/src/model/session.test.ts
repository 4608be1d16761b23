import { expect, test } from 'vitest'

import { NotLoggedIn, Unreachable } from '../client'
import { createConversations } from './conversation'
import { createFriends } from './friend'
import { createGroups, type Group } from './group'
import { createInbox } from './inbox'
import { createPeople } from './people'
import { createSession, type Me } from './session'
import { createTestContext, createTestServer, type TestContext } from './testing'

const meOf = (username: string): Me => ({ id: username, username }) as Me

/** A browser: what it keeps, who its cookie says is in, and what the server answers to a logout and, when it does, for a list. */
const openBrowser = () => {
  const { cache } = createTestContext(createTestServer())
  return { cache, me: undefined as Me | undefined, logout: () => Promise.resolve(), listed: () => Promise.resolve() }
}
type Browser = ReturnType<typeof openBrowser>

const clientOf = (browser: Browser): Partial<TestContext['link']['client']> => {
  const get = async (path: string): Promise<Me | { list: unknown[] }> => {
    const { me } = browser
    if (!me) throw new NotLoggedIn()
    if (path === '/api/user/get_info') return me
    await browser.listed()
    return { list: [{ userId: 'cy', groupId: 'g' }] }
  }
  const post = async (path: string, form: { username: string }): Promise<Me | void> => {
    if (path === '/api/logout') return browser.logout()
    return (browser.me = meOf(form.username))
  }
  return { get, post } as object
}

/** A tab of it, in which `restored` says what was there of the browser each time that somebody came. */
const openTab = (browser: Browser) => {
  const context = Object.assign(createTestContext(createTestServer()), { cache: browser.cache })
  Object.assign(context.link, { client: clientOf(browser) })
  context.me = () => session.me?.id ?? ''
  const people = createPeople(context)
  const friends = createFriends(context, people)
  const groups = createGroups(context, people)
  const inbox = createInbox(context)
  const conversations = createConversations(context, people, friends, groups)
  const session = createSession(
    context.link,
    context.cache,
    {
      restore: (kept) => {
        for (const noun of [friends, groups, inbox, conversations]) noun.restore(kept)
      },
      clear: () => {
        for (const noun of [friends, groups, inbox, conversations]) noun.clear()
      },
    },
    true,
  )
  return { session, conversations, lists: { friends, groups, inbox } }
}

const ANN = { username: 'ann', password: 'secret' }
const drafts = async ({ cache }: Browser): Promise<unknown> => Object.fromEntries((await cache.kept()).drafts)

test('whoever logs in again after a login elsewhere finds the drafts of groups, with another tab open too', async () => {
  const browser = openBrowser()
  const [one, two] = [openTab(browser), openTab(browser)]
  await one.session.login(ANN)
  browser.cache.keepList('groups', [{ groupId: 'g', groupNickname: 'Choir' } satisfies Partial<Group>])
  await two.session.start()
  two.conversations.setDraft('g:g', 'half a sentence')
  browser.me = undefined
  for (const { session } of [one, two]) await session.end('displaced')
  expect([one.session.ended, two.session.ended]).toEqual(['elsewhere', 'elsewhere'])

  await one.session.leaveEnded()
  await one.session.login(ANN)
  await two.session.look()
  expect(two.session.state).toBe('in')
  expect(await drafts(browser)).toEqual({ 'g:g': 'half a sentence' })
  expect(one.conversations.get('g:g')?.draft).toBe('half a sentence')
})

test('whoever logs in as somebody else finds nothing of it', async () => {
  const browser = openBrowser()
  const { session, conversations } = openTab(browser)
  await session.login(ANN)
  conversations.setDraft('u:cy', 'half a sentence')
  browser.me = undefined
  await session.end('session')
  await session.leaveEnded()
  expect(await drafts(browser)).toEqual({ 'u:cy': 'half a sentence' })
  await session.login({ ...ANN, username: 'bo' })
  expect(conversations.get('u:cy')).toBeUndefined()
  expect(await drafts(browser)).toEqual({})
})

test('a logout that no answer comes to leaves the login as it was', async () => {
  const browser = openBrowser()
  const { session } = openTab(browser)
  await session.login(ANN)
  browser.logout = () => Promise.reject(new Unreachable())
  await expect(session.logout()).rejects.toThrow(Unreachable)
  expect(session.state).toBe('in')
})

test('a logout whose answer is lost while the socket says that the login is over is one', async () => {
  const browser = openBrowser()
  const { session, conversations } = openTab(browser)
  await session.login(ANN)
  conversations.setDraft('u:cy', 'half a sentence')
  browser.logout = async () => {
    await session.end('session')
    throw new Unreachable()
  }
  await session.logout()
  expect(session.state).toBe('out')
  expect(await drafts(browser)).toEqual({})
})

test('a logout that no answer comes to, while another window takes the place of this one, says so', async () => {
  const browser = openBrowser()
  const { session } = openTab(browser)
  await session.login(ANN)
  browser.logout = async () => {
    await session.end('displaced')
    throw new Unreachable()
  }
  await expect(session.logout()).rejects.toThrow(Unreachable)
  expect([session.state, session.ended]).toEqual(['ended', 'replaced'])
})

test.each(['friends', 'groups', 'inbox'] as const)('a list that comes after a logout is not kept (%s)', async (name) => {
  const browser = openBrowser()
  const { session, lists } = openTab(browser)
  await session.login(ANN)
  await lists[name].refresh()
  expect((await browser.cache.kept()).list(name)).toHaveLength(name === 'inbox' ? 3 : 1)
  let letGo: (() => void) | undefined
  const held = new Promise<void>((resolve) => (letGo = resolve))
  browser.listed = () => held
  const refreshed = lists[name].refresh()
  await session.logout()
  letGo?.()
  await refreshed
  expect((await browser.cache.kept()).list(name)).toBeUndefined()
})
