// Dialogs and pictures above the page: what closes them, and what does not.
import { Buffer } from 'node:buffer'

import { expect, test } from 'vitest'

import { setStage, type Page } from './harness'
import { squares } from './picture'

const stage = setStage()

const log = (page: Page) => page.getByRole('log')
const dialog = (page: Page) => page.getByRole('dialog')
/** As a phone's key or gesture does. */
const goBack = (page: Page): Promise<void> => page.evaluate(() => history.back())

test('neither an input method nor a click beside it closes a dialog in which something was written', async () => {
  const ann = await stage.server.register('words-ann')
  const group = await stage.server.group('words-grp', ann)
  const page = await stage.visit({ as: ann, path: `/contacts/g/${group}` })
  await page.getByRole('button', { name: /^Announcement/ }).click()
  const field = dialog(page).getByRole('textbox')
  await field.fill('明天')
  const keyboard = await page.context().newCDPSession(page)
  await keyboard.send('Input.imeSetComposition', { text: 'paiLian', selectionStart: 7, selectionEnd: 7 })
  await page.keyboard.press('Escape')
  await keyboard.send('Input.imeSetComposition', { text: '', selectionStart: 0, selectionEnd: 0 })
  await page.mouse.click(4, 4)
  await page.mouse.click(4, 4)
  await expect.poll(() => field.inputValue()).toBe('明天')
  await field.press('Escape')
  await dialog(page).waitFor({ state: 'detached' })
  // Where nothing was written there is nothing to lose.
  await page.getByRole('button', { name: /^Announcement/ }).click()
  await field.waitFor()
  await page.mouse.click(4, 4)
  await dialog(page).waitFor({ state: 'detached' })
})

test('a click beside it closes neither a group that is being made nor a picture that is being cut', async () => {
  const [ann] = await stage.friends('make-ann', 'make-bo')
  const page = await stage.visit({ as: ann })
  const beside = (): Promise<void> => page.mouse.click(4, 4)
  const create = async (): Promise<void> => {
    await page.getByRole('button', { name: 'Find people or create a group' }).first().click()
    await page.getByRole('menuitem', { name: 'Create a group' }).click()
    await dialog(page).getByRole('checkbox', { name: 'make-bo' }).waitFor()
  }
  await create()
  await beside()
  await dialog(page).waitFor({ state: 'detached' })
  await create()
  await dialog(page).getByRole('checkbox', { name: 'make-bo' }).click()
  await beside()
  await dialog(page).getByRole('button', { name: 'Next (1)' }).click()
  await dialog(page).getByLabel('Group name').fill('Choir')
  await beside()
  await expect.poll(() => dialog(page).getByLabel('Group name').inputValue()).toBe('Choir')
  await page.keyboard.press('Escape')
  await dialog(page).waitFor({ state: 'detached' })

  await page.goto('/settings/profile')
  await page.getByRole('main').locator('input[type=file]').setInputFiles(await squares(page, 100))
  await dialog(page).getByRole('application').and(page.locator(':focus')).waitFor()
  await page.keyboard.press('+')
  await beside()
  await dialog(page).getByRole('button', { name: 'Use picture' }).click()
  await dialog(page).waitFor({ state: 'detached' })
})

test('going back closes the picture or the dialog, and leads elsewhere only after that', async () => {
  const [ann, bo] = await stage.friends('away-ann', 'away-bo')
  if (!ann || !bo) throw new Error('nobody is there')
  await stage.server.send(bo, { toUserId: ann.id }, 'look at this')
  const page = await stage.visit({ as: ann, viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true })
  await page.getByRole('link', { name: /^away-bo/ }).click()
  await page.locator('input[type=file]').first().setInputFiles({
    name: 'dot.png',
    mimeType: 'image/png',
    buffer: Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64'),
  })
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await log(page).getByRole('button', { name: 'Open the picture' }).click()
  await dialog(page).waitFor()
  await goBack(page)
  await dialog(page).waitFor({ state: 'detached' })
  await log(page).getByText('look at this').waitFor()

  await page.getByRole('link', { name: 'Details', exact: true }).click()
  await page.getByRole('button', { name: /^Alias/ }).click()
  await dialog(page).waitFor()
  await goBack(page)
  await dialog(page).waitFor({ state: 'detached' })
  await page.getByRole('button', { name: /^Alias/ }).waitFor()
  // What was closed is out of the way.
  await goBack(page)
  await log(page).getByText('look at this').waitFor()
  await goBack(page)
  await page.getByRole('searchbox').waitFor()
})

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }

/** A friend's conversation on a phone, opened by its address: going back from there leads out of it, to the settings. */
const openedByAddress = async (name: string): Promise<Page> => {
  const [ann, bo] = await stage.friends(`${name}-ann`, `${name}-bo`)
  if (!ann || !bo) throw new Error('nobody is there')
  await stage.server.send(bo, { toUserId: ann.id }, 'look at this')
  const page = await stage.visit({ as: ann, path: '/settings', ...PHONE })
  await page.getByRole('navigation', { name: 'Main' }).waitFor()
  await page.goto(`/chat/u:${bo.id}`)
  await log(page).getByText('look at this').waitFor()
  return page
}
const composer = (page: Page) => page.getByRole('textbox', { name: /^Message to/ })
const emoji = (page: Page) => page.getByRole('combobox', { name: 'Find emoji' })
/** An entry of the message's menu, which is opened. */
const entry = async (page: Page, name: string) => {
  await log(page).getByText('look at this').click({ button: 'right' })
  const item = page.getByRole('menuitem', { name })
  await item.waitFor()
  return item
}
const leave = async (page: Page): Promise<void> => {
  await goBack(page)
  await page.waitForURL('**/settings')
}

test('going back closes emoji, a person and a menu, also where one came by the address', async () => {
  const page = await openedByAddress('floating')
  await page.getByRole('button', { name: 'Emoji' }).tap()
  await emoji(page).waitFor()
  await goBack(page)
  await emoji(page).waitFor({ state: 'detached' })
  const profile = await entry(page, 'View profile')
  await goBack(page)
  await profile.waitFor({ state: 'detached' })
  await (await entry(page, 'View profile')).tap()
  await dialog(page).waitFor()
  await goBack(page)
  await dialog(page).waitFor({ state: 'detached' })
  await log(page).getByText('look at this').waitFor()
  await leave(page)
})

test('what was closed in another way, or was open at a reload, is nothing to go back from', async () => {
  const page = await openedByAddress('closed')
  await page.getByRole('button', { name: 'Emoji' }).tap()
  await emoji(page).waitFor()
  await page.keyboard.press('Escape')
  await emoji(page).waitFor({ state: 'detached' })
  // From one thing above the page to the next.
  await (await entry(page, 'More reactions')).tap()
  await emoji(page).waitFor()
  await page.reload()
  await log(page).getByText('look at this').waitFor()
  await leave(page)
})

test('where one goes from what lies above the page, one comes back to the page', async () => {
  const page = await openedByAddress('onward')
  await (await entry(page, 'View profile')).tap()
  await dialog(page).getByRole('link', { name: 'Open profile' }).tap()
  await page.getByRole('button', { name: /^Alias/ }).waitFor()
  await page.getByRole('button', { name: /^Alias/ }).tap()
  await dialog(page).waitFor()
  await goBack(page)
  await dialog(page).waitFor({ state: 'detached' })
  await page.getByRole('button', { name: /^Alias/ }).waitFor()
  await goBack(page)
  await composer(page).waitFor()
  await leave(page)
})
