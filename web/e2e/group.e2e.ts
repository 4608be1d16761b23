import { expect, test } from 'vitest'

import { setStage, type Locator, type Page } from './harness'

const stage = setStage()

const composer = (page: Page): Locator => page.getByRole('textbox', { name: /^Message to/ })
const log = (page: Page): Locator => page.getByRole('log')

test('three people make a group, talk in it, and one is removed', async () => {
  const [ann, bo, cy] = await stage.friends('group-ann', 'group-bo', 'group-cy')
  if (!ann || !bo || !cy) throw new Error('nobody is there')
  const owner = await stage.visit({ as: ann })
  await owner.getByRole('button', { name: 'Find people or create a group' }).first().click()
  await owner.getByRole('menuitem', { name: 'Create a group' }).click()
  const dialog = owner.getByRole('dialog')
  await dialog.getByText('group-bo').click()
  await dialog.getByText('group-cy').click()
  await dialog.getByRole('button', { name: 'Next (2)' }).click()
  await dialog.getByLabel('Group name').fill('周三合唱团')
  await dialog.getByLabel('Group ID').fill('wed-choir')
  await dialog.getByRole('button', { name: 'Create', exact: true }).click()
  await composer(owner).waitFor()

  const pages: Page[] = []
  for (const friend of [bo, cy]) {
    const page = await stage.visit({ as: friend, path: '/contacts/requests' })
    await page.getByText('invites you to 周三合唱团').waitFor()
    await page.getByRole('button', { name: 'Accept' }).click()
    await page.getByRole('button', { name: 'Accept' }).waitFor({ state: 'hidden' })
    pages.push(page)
  }
  const [second, third] = pages
  if (!second || !third) throw new Error('nobody came')

  await composer(owner).fill('大家好 @group-b')
  await owner.getByRole('option', { name: /group-bo/ }).click()
  await composer(owner).press('Enter')
  await second.getByRole('link', { name: /Chats/ }).click()
  await second.getByText('[@you]', { exact: true }).waitFor()
  await second.getByText('周三合唱团').first().click()
  await log(second).getByText('大家好').waitFor()
  await composer(second).fill('来了')
  await composer(second).press('Enter')
  await log(owner).getByText('来了').waitFor()

  // Beside the conversation, which stays.
  await owner.getByRole('button', { name: 'Details', exact: true }).click()
  await owner.getByRole('button', { name: 'Actions for group-cy' }).click()
  await owner.getByRole('menuitem', { name: 'Remove from the group' }).click()
  await owner.getByRole('dialog').or(owner.getByRole('alertdialog')).getByRole('button', { name: /Remove/ }).click()
  await owner.getByRole('button', { name: 'Actions for group-cy' }).waitFor({ state: 'hidden' })
  await log(owner).getByText('来了').waitFor()
  await third.getByRole('link', { name: /Chats/ }).click()
  await expect.poll(() => third.getByText('周三合唱团').count()).toBe(0)
})

test('settings that are changed in quick succession on a slow line are all kept', async () => {
  const ann = await stage.server.register('twice-ann')
  const group = await stage.server.group('twice-grp', ann)
  const page = await stage.visit({ as: ann, path: '/icon.svg' })
  await page.routeWebSocket(/\/ws$/, (socket) => {
    const server = socket.connectToServer()
    socket.onMessage((message) => void setTimeout(() => server.send(message), 300))
  })
  await page.goto(`/contacts/g/${group}`)
  const join = page.getByRole('radiogroup', { name: 'How to join' })
  await join.getByRole('radio', { name: 'Open' }).focus()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowRight')
  const [pin, mute] = ['Pin to the top', 'Mute'].map((name) => page.getByRole('switch', { name, exact: true }))
  await pin?.click()
  await mute?.click()
  await expect.poll(() => Promise.all([pin?.isChecked(), mute?.isChecked()])).toEqual([true, true])
  await expect.poll(async () => (await stage.server.get<{ join: string }>(`/api/group/get_info?groupId=${group}`, ann)).join).toBe('invitation')
  expect(await join.getByRole('radio').last().isChecked()).toBe(true)
})
