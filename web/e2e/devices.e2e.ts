// What one does on one device is seen on the others, and in other tabs, at once.
import { Buffer } from 'node:buffer'

import { expect, test } from 'vitest'

import { setStage, type Account, type Page } from './harness'

const stage = setStage({ HONGYAN_ACCOUNTS__DEVICES: '3' })

const PICTURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

const picture = (page: Page) => page.getByRole('link', { name: 'Your profile' }).locator('img')

/** The same person on two devices, and the tab beside the first. */
const devices = async (account: Account, path: string): Promise<[Page, Page, Page]> => {
  const { token } = await stage.server.call<{ token: string }>('/api/login', { username: account.username, password: account.password })
  const here = await stage.visit({ as: account, path })
  const there = await stage.visit({ as: { ...account, token }, path })
  const tab = await here.context().newPage()
  await tab.goto(path)
  return [here, there, tab]
}

test('a request that is answered on one device is answered on all', async () => {
  const ann = await stage.server.register('dev-ann')
  const [bo, cy] = [await stage.server.register('dev-bo'), await stage.server.register('dev-cy')]
  for (const who of [bo, cy]) await stage.server.call('/api/friend/add', { userId: ann.id, remark: `it is ${who.username}` }, who)
  const [here, there, tab] = await devices(ann, '/contacts/requests')
  for (const page of [here, there, tab]) await page.getByRole('button', { name: 'Accept' }).nth(1).waitFor()
  await here.getByRole('listitem').filter({ hasText: 'it is dev-bo' }).getByRole('button', { name: 'Accept' }).click()
  for (const page of [here, there, tab]) {
    await page.getByText('Accepted').waitFor()
    await page.getByRole('link', { name: /New requests/ }).filter({ hasText: '1' }).waitFor()
    // The new friend is in the list beside it.
    await page.getByRole('list', { name: 'Contacts' }).getByRole('link', { name: 'dev-bo' }).waitFor()
  }
  await there.getByRole('listitem').filter({ hasText: 'it is dev-cy' }).getByRole('button', { name: 'Decline' }).click()
  for (const page of [here, there, tab]) await page.getByRole('button', { name: 'Accept' }).waitFor({ state: 'detached' })

  // An end to the friendship, from a program: nothing but the server can tell the pages.
  await stage.server.call('/api/friend/del', { userId: bo.id }, ann)
  for (const page of [here, there, tab]) await page.getByRole('list', { name: 'Contacts' }).getByRole('link', { name: 'dev-bo' }).waitFor({ state: 'detached' })
})

test('a group that one makes or leaves on one device comes and goes on all', async () => {
  const [ann, bo] = await stage.friends('grp-ann', 'grp-bo')
  if (!ann || !bo) throw new Error('nobody is there')
  const group = await stage.server.group('grp-one', bo, ann)
  await stage.server.send(bo, { toGroupId: group }, 'welcome to it')
  const [here, there, tab] = await devices(ann, '/chat')
  for (const page of [here, there, tab]) await page.getByRole('link', { name: /grp-one.*welcome to it/ }).waitFor()
  await stage.server.call('/api/group/leave', { groupId: group }, ann)
  for (const page of [here, there, tab]) await page.getByRole('link', { name: /grp-one/ }).waitFor({ state: 'detached' })

  await stage.server.call('/api/group/create', { groupName: 'grp-two', groupNickname: 'My own', introduction: '' }, ann)
  for (const page of [here, there, tab]) {
    await page.getByRole('link', { name: /Contacts/ }).click()
    await page.getByRole('radio', { name: /Groups/ }).click({ force: true })
    await page.getByRole('link', { name: /My own/ }).waitFor()
  }
})

test('a remark, a pin, a mute and a block are the same on all devices', async () => {
  const [ann, bo] = await stage.friends('set-ann', 'set-bo')
  if (!ann || !bo) throw new Error('nobody is there')
  await stage.server.send(bo, { toUserId: ann.id }, 'hello')
  const [here, there, tab] = await devices(ann, '/chat')
  for (const page of [here, there, tab]) await page.getByRole('link', { name: /set-bo.*hello/ }).waitFor()
  await stage.server.call('/api/friend/set_remark', { friendUserId: bo.id, remark: 'Old friend' }, ann)
  await stage.server.call('/api/chat/settings', { toUserId: bo.id, pinned: true, muted: true }, ann)
  for (const page of [here, there, tab]) await page.getByRole('link', { name: /^Old friend,.*hello.*Pinned.*Muted/ }).waitFor()
  await stage.server.call('/api/friend/block', { userId: bo.id, block: true }, ann)
  for (const page of [here, there, tab]) {
    await page.getByRole('link', { name: /Old friend/ }).click()
    await page.getByText('You have blocked this person').waitFor()
  }
})

test('a new name and picture are shown on all devices, and to friends', async () => {
  const [ann, bo] = await stage.friends('me-ann', 'me-bo')
  if (!ann || !bo) throw new Error('nobody is there')
  await stage.server.send(ann, { toUserId: bo.id }, 'it is me')
  const [here, there, tab] = await devices(ann, '/settings/profile')
  const friend = await stage.visit({ as: bo, path: '/chat' })
  await friend.getByRole('link', { name: /me-ann/ }).waitFor()
  for (const page of [here, there, tab]) {
    await page.getByRole('link', { name: 'Your profile' }).getByText('M', { exact: true }).waitFor()
    expect(await picture(page).count()).toBe(0)
  }
  const form = new FormData()
  form.append('nickname', '安娜')
  form.append('headImage', new Blob([PICTURE], { type: 'image/png' }), 'me.png')
  await fetch(`${stage.server.url}/api/user/update_uinfo`, { method: 'POST', headers: { authorization: `Bearer ${ann.token}` }, body: form })
  for (const page of [here, there, tab]) {
    await page.getByRole('link', { name: 'Your profile' }).and(page.getByTitle('安娜')).waitFor()
    await picture(page).waitFor()
  }
  await friend.getByRole('link', { name: /^安娜/ }).waitFor()
})
