// How requests, invitations and what became of one's own make themselves known.
import { expect, test } from 'vitest'

import { lookAway, record, shown, turnOnDesktop } from './asked'
import { setStage, type Account, type Page } from './harness'

const stage = setStage()

const people = async (...names: string[]): Promise<Account[]> => {
  const accounts: Account[] = []
  for (const name of names) accounts.push(await stage.server.register(name))
  return accounts
}
const ask = (from: Account | undefined, to: Account | undefined, remark: string): Promise<unknown> =>
  stage.server.call('/api/friend/add', { userId: to?.id, remark }, from)
/** As a name stands in a sentence: it cannot turn it around. */
const isolated = (name: string): string => `\u2068${name}\u2069`
const status = (page: Page) => page.getByRole('status')

test('who is asked is told so and led to the answer, and who asked is told of it and led to the chat', async () => {
  const [ann, bo, cy] = await people('news-ann', 'news-bo', 'news-cy')
  const page = await stage.visit({ as: ann, path: '/chat' })
  await page.getByText('No conversations yet').waitFor()
  const other = await stage.visit({ as: bo, path: '/chat' })
  await other.getByText('No conversations yet').waitFor()

  await ask(bo, ann, 'It is me')
  await page.getByRole('heading', { name: '1 request waiting for your answer' }).waitFor()
  await status(page).getByText(`${isolated('news-bo')} wants to be your friend`).waitFor()
  await status(page).getByRole('button', { name: 'Answer' }).click()
  await page.getByText('It is me').waitFor()
  // Here it is in sight, and nothing more is said of it.
  await ask(cy, ann, 'And me')
  await page.getByText('And me').waitFor()
  expect(await status(page).getByText('wants to be your friend').count()).toBe(0)

  await page.getByRole('article', { name: 'news-bo' }).getByRole('button', { name: 'Accept' }).click()
  await status(other).getByText(`${isolated('news-ann')} accepted your friend request`).waitFor()
  await other.getByText('Choose one of your friends and say hello.').waitFor()
  await status(other).getByRole('button', { name: 'Chat' }).click()
  await other.getByRole('textbox', { name: 'Message to news-ann' }).waitFor()
})

test('the desktop tells who looks elsewhere, also of what came while the server could not be reached, and not of what was there before', async () => {
  const [ann, bo, cy, dee] = await people('gone-ann', 'gone-bo', 'gone-cy', 'gone-dee')
  await ask(dee, ann, 'Was here before')
  const page = await stage.visit({ as: ann })
  await page.context().addInitScript(record)
  await turnOnDesktop(page)
  await page.getByRole('link', { name: /1 request waiting/ }).waitFor()
  expect(await status(page).getByText('gone-dee').count()).toBe(0)
  await lookAway(page)
  await ask(bo, ann, 'Hello')
  await expect.poll(() => shown(page)).toEqual([[`${isolated('gone-bo')} wants to be your friend`, 'Hello']])

  await page.context().setOffline(true)
  await stage.server.kill()
  await page.getByRole('button', { name: 'Try now' }).waitFor()
  await stage.server.restart()
  await ask(cy, ann, 'Meanwhile')
  await page.context().setOffline(false)
  await expect.poll(() => shown(page)).toEqual([
    [`${isolated('gone-bo')} wants to be your friend`, 'Hello'],
    [`${isolated('gone-cy')} wants to be your friend`, 'Meanwhile'],
  ])
  await page.evaluate(() => window.asked.shown[1]?.click())
  await page.getByText('Meanwhile').waitFor()
})

test('groups tell of who asks to join, of invitations, and of being let in', async () => {
  const [ann, bo, cy] = await stage.friends('club-ann', 'club-bo', 'club-cy')
  const group = await stage.server.group('club-choir', ann ?? expect.fail('nobody is there'))
  await stage.server.call('/api/group/update', { groupId: group, join: 'approval' }, ann)
  const owner = await stage.visit({ as: ann, path: '/settings' })
  const asking = await stage.visit({ as: bo, path: '/settings' })
  const invited = await stage.visit({ as: cy, path: '/settings' })
  for (const page of [owner, asking, invited]) await page.getByRole('navigation', { name: 'Main' }).waitFor()

  await stage.server.call('/api/group/add', { groupId: group, remark: 'Let me in' }, bo)
  await status(owner).getByText(`${isolated('club-bo')} wants to join ${isolated('club-choir')}`).waitFor()
  await status(owner).getByRole('button', { name: 'Answer' }).click()
  await owner.getByRole('article', { name: 'club-bo' }).getByRole('button', { name: 'Accept' }).click()
  await status(asking).getByText(`You are now in ${isolated('club-choir')}`).waitFor()
  await status(asking).getByRole('button', { name: 'Chat' }).click()
  await expect.poll(() => new URL(asking.url()).pathname).toBe(`/chat/g:${group}`)

  await stage.server.call('/api/group/invite', { groupId: group, userId: cy?.id, remark: '' }, ann)
  await status(invited).getByText(`${isolated('club-ann')} invites you to ${isolated('club-choir')}`).waitFor()
})
