import { Buffer } from 'node:buffer'

import { expect, test } from 'vitest'

import { setStage, type Page } from './harness'

const stage = setStage()

const logIn = async (page: Page, username: string, password: string): Promise<void> => {
  await page.getByLabel('Username').fill(username)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Log in' }).click()
}

const logOut = async (page: Page): Promise<void> => {
  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByRole('button', { name: 'Log out' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Log out' }).click()
  await page.getByRole('button', { name: 'Log in' }).waitFor()
}

test('whoever comes registers, is told what to do next, and logs out again', async () => {
  const page = await stage.visit()
  await page.getByRole('link', { name: 'Create one' }).click()
  await page.getByLabel('Username').fill('newcomer')
  await page.getByLabel('Name', { exact: true }).fill('Newcomer 新人')
  await page.getByLabel('Password', { exact: true }).fill('long enough')
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.getByRole('navigation', { name: 'Main' }).waitFor()
  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByText('Newcomer 新人').first().waitFor()
  await logOut(page)
  const kept = await page.evaluate(async () => {
    const names = await indexedDB.databases()
    return names.map(({ name }) => name)
  })
  expect(kept.length).toBeLessThanOrEqual(1)
})

test('a refusal stands at its field and says what to do', async () => {
  const ann = await stage.server.register('field-ann')
  const page = await stage.visit({ path: '/login' })
  await logIn(page, ann.username, 'wrong password')
  await page.getByText(/password/i).filter({ hasText: /wrong|not right|again/i }).first().waitFor()
  await logIn(page, ann.username, ann.password)
  await page.getByRole('navigation', { name: 'Main' }).waitFor()
})

test('a login elsewhere ends this one for good, and says so', async () => {
  const ann = await stage.server.register('forced-ann')
  const page = await stage.visit({ as: ann })
  await page.getByRole('navigation', { name: 'Main' }).waitFor()
  const phone = await stage.visit({ path: '/login' })
  await logIn(phone, ann.username, ann.password)
  await phone.getByRole('navigation', { name: 'Main' }).waitFor()
  await page.getByText('Logged in on another device').waitFor()
  let sockets = 0
  page.on('websocket', () => sockets++)
  // Its own device would be thrown out again by any connection of this page.
  await phone.reload()
  await phone.getByRole('navigation', { name: 'Main' }).waitFor()
  expect(sockets).toBe(0)
  await page.getByRole('button', { name: 'Log in again' }).click()
  await page.getByRole('button', { name: 'Log in' }).waitFor()
})

test('whoever logs in next in the same tab finds nothing of what the one before was writing', async () => {
  const [bo, ann, cy] = await stage.friends('next-bo', 'next-ann', 'next-cy')
  if (!bo || !ann || !cy) throw new Error('nobody is there')
  for (const one of [ann, cy]) await stage.server.send(bo, { toUserId: one.id }, 'hello')
  const page = await stage.visit({ as: ann, path: `/chat/u:${bo.id}` })
  const composer = page.getByRole('textbox', { name: /^Message to/ })
  await composer.fill('secret words')
  await composer.press('Enter')
  await page.getByRole('log').getByRole('article', { name: /secret words.*sent/ }).waitFor()
  await page.locator('input[type=file]').setInputFiles({ name: 'plan.txt', mimeType: 'text/plain', buffer: Buffer.from('plan') })
  await page.getByRole('button', { name: 'Remove plan.txt' }).waitFor()
  await composer.press('ArrowUp')
  await page.getByText('Edit message').waitFor()
  await logOut(page)
  await logIn(page, cy.username, cy.password)
  await page.getByRole('link', { name: /next-bo/ }).click()
  await page.getByRole('log').getByText('hello').waitFor()
  expect(await composer.inputValue()).toBe('')
  expect(await page.getByText(/Edit message|secret words/).count()).toBe(0)
  expect(await page.getByRole('button', { name: 'Remove plan.txt' }).count()).toBe(0)
})

test('tabs of one browser share the login, and what is said in one is in the other', async () => {
  const [ann, bo] = await stage.friends('tabs-ann', 'tabs-bo')
  if (!ann || !bo) throw new Error('nobody is there')
  const one = await stage.visit({ as: ann, path: `/chat/u:${bo.id}` })
  const two = await one.context().newPage()
  await two.goto(`/chat/u:${bo.id}`)
  await two.getByRole('textbox', { name: /^Message to/ }).fill('from the second tab')
  await two.keyboard.press('Enter')
  await one.getByRole('log').getByText('from the second tab').waitFor()
  await one.close()
  await stage.server.send(bo, { toUserId: ann.id }, 'the first tab is gone')
  await two.getByRole('log').getByText('the first tab is gone').waitFor()
})

test('language and theme are chosen once, and stay', async () => {
  const page = await stage.visit({ path: '/login', locale: 'zh-CN', colorScheme: 'light' })
  await page.getByRole('button', { name: '登录' }).waitFor()
  expect(await page.evaluate(() => document.documentElement.lang)).toBe('zh-CN')
  await page.getByRole('radio', { name: 'English' }).click()
  await page.getByRole('button', { name: 'Log in' }).waitFor()
  await page.getByRole('radio', { name: 'Dark' }).click()
  await page.reload()
  await page.getByRole('button', { name: 'Log in' }).waitFor()
  expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe('dark')
})
