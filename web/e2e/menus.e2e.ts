// Menus: by mouse, by key and by finger, and where the focus is afterwards.
import { Buffer } from 'node:buffer'

import { expect, test } from 'vitest'

import { setStage, type Page } from './harness'

const stage = setStage()

const focused = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const { activeElement: it } = document
    return it === document.body ? 'nothing' : (it?.getAttribute('aria-label') ?? it?.textContent?.trim() ?? '')
  })

test('a button opens its menu by key and by click, and has the focus when it closes', async () => {
  const [ann] = await stage.friends('menu-ann')
  const page = await stage.visit({ as: ann })
  const name = 'Find people or create a group'
  const button = page.getByRole('button', { name })
  const menu = page.getByRole('menu', { name })
  for (const key of ['Enter', ' ', 'ArrowDown']) {
    await button.focus()
    await page.keyboard.press(key)
    await menu.waitFor()
    await expect.poll(() => focused(page)).toBe('Find people and groups')
    await page.keyboard.press('ArrowDown')
    expect(await focused(page)).toBe('Create a group')
    await page.keyboard.press('Escape')
    await menu.waitFor({ state: 'detached' })
    await expect.poll(() => focused(page)).toBe(name)
  }
  expect(await button.getAttribute('aria-expanded')).toBe('false')
  await button.click()
  await menu.waitFor()
  expect(await button.getAttribute('aria-expanded')).toBe('true')
  // Its own button closes it, and does not open it again.
  await button.click()
  await menu.waitFor({ state: 'detached' })
  await button.click()
  await menu.getByRole('menuitem', { name: 'Create a group' }).click()
  await page.getByRole('dialog').waitFor()
})

test('a row has its menu under the mouse and under the menu key, and whoever goes elsewhere is not called back', async () => {
  const [ann, bo, cy] = await stage.friends('row-ann', 'row-bo', 'row-cy')
  if (!ann || !bo || !cy) throw new Error('nobody is there')
  for (const other of [bo, cy]) await stage.server.send(other, { toUserId: ann.id }, `hi from ${other.username}`)
  const page = await stage.visit({ as: ann })
  const row = (name: string) => page.getByRole('link', { name: new RegExp(`^${name}`) })
  const menu = page.getByRole('menu')
  await row('row-bo').click({ button: 'right', position: { x: 120, y: 20 } })
  await menu.getByRole('menuitem', { name: 'Pin' }).waitFor()
  const [shown, there] = await Promise.all([menu.boundingBox(), row('row-bo').boundingBox()])
  expect(Math.abs((shown?.x ?? 0) - (there?.x ?? 0) - 120)).toBeLessThan(12)
  // Asked for again elsewhere, it is there, and it is the other one's.
  await row('row-cy').click({ button: 'right', position: { x: 60, y: 20 } })
  await menu.getByRole('menuitem', { name: 'Pin' }).click()
  await menu.waitFor({ state: 'detached' })
  await expect.poll(() => row('row-cy').textContent()).toContain('Pinned')
  await row('row-cy').focus()
  await page.keyboard.press('Shift+F10')
  await expect.poll(() => focused(page)).toBe('Unpin')
  await page.keyboard.press('Escape')
  await menu.waitFor({ state: 'detached' })
  await expect.poll(() => focused(page)).toContain('row-cy')
  await page.keyboard.press('Shift+F10')
  await menu.waitFor()
  await page.getByRole('searchbox').click()
  await menu.waitFor({ state: 'detached' })
  expect(await focused(page)).toBe('Search')
})

test('what a menu opened gives the focus back to what the menu belongs to', async () => {
  const [ann, bo] = await stage.friends('back-ann', 'back-bo')
  if (!ann || !bo) throw new Error('nobody is there')
  await stage.server.send(bo, { toUserId: ann.id }, 'what do you say?')
  const page = await stage.visit({ as: ann, path: `/chat/u:${bo.id}` })
  const dialog = page.getByRole('dialog')
  const message = page.getByRole('article', { name: /what do you say/ })
  await message.waitFor()
  for (const what of ['More reactions', 'View profile']) {
    await message.focus()
    await page.keyboard.press('Enter')
    await page.getByRole('menuitem', { name: what }).press('Enter')
    await expect.poll(() => dialog.evaluate((element) => element.contains(document.activeElement))).toBe(true)
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    await expect.poll(() => focused(page)).toContain('what do you say?')
  }
  // The first time a dialog comes later than the menu goes; the second time it is there at once.
  const name = 'Find people or create a group'
  for (let time = 0; time < 2; time++) {
    await page.getByRole('button', { name }).press('Enter')
    await page.getByRole('menuitem', { name: 'Create a group' }).press('Enter')
    await dialog.waitFor()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    await expect.poll(() => focused(page)).toBe(name)
  }
})

test('what is closed or taken away leaves the focus beside it', async () => {
  const [ann, bo] = await stage.friends('beside-ann', 'beside-bo')
  const page = await stage.visit({ as: ann, path: `/chat/u:${bo?.id}`, viewport: { width: 1400, height: 800 } })
  const details = page.getByRole('button', { name: 'Details', exact: true })
  await details.click()
  await page.getByRole('region', { name: 'Profile' }).getByRole('button', { name: 'Close' }).press('Enter')
  await expect.poll(() => focused(page)).toBe('Details')
  const files = ['a.txt', 'b.txt', 'c.txt'].map((name) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(name) }))
  await page.locator('input[type=file]').setInputFiles(files)
  const remove = (name: string) => page.getByRole('button', { name: `Remove ${name}` }).press('Enter')
  await remove('b.txt')
  await expect.poll(() => focused(page)).toBe('Remove c.txt')
  await remove('c.txt')
  await expect.poll(() => focused(page)).toBe('Remove a.txt')
  await remove('a.txt')
  await expect.poll(() => focused(page)).toBe('Message to beside-bo')
})

test('a button that goes when it is pressed leaves the focus where one goes on', async () => {
  const [ann, bo] = await stage.friends('goes-ann', 'goes-bo')
  if (!ann || !bo) throw new Error('nobody is there')
  for (let at = 1; at <= 60; at++) await stage.server.send(bo, { toUserId: ann.id }, `line ${at}`)
  await stage.server.send(bo, { toUserId: ann.id }, `long ${'words '.repeat(600)}`)
  await stage.server.call('/api/chat/read', { toUserId: bo.id, seq: 61 }, ann)
  const page = await stage.visit({ as: ann, path: `/chat/u:${bo.id}` })
  const log = page.getByRole('log')
  const press = (name: string) => page.getByRole('button', { name, exact: true }).press('Enter')
  await press('Search in this conversation')
  await press('Close the search')
  await expect.poll(() => focused(page)).toBe('Message to goes-bo')
  await press('Show all')
  await expect.poll(() => focused(page)).toMatch(/long words/)
  await page.goto(`/chat/u:${bo.id}?at=5`)
  await log.getByText('line 5,').waitFor()
  await press('Jump to the newest message')
  await expect.poll(() => focused(page)).toBe('Messages')

  await stage.server.call('/api/friend/block', { userId: ann.id, block: true }, bo)
  await page.getByRole('textbox', { name: /^Message to/ }).fill('in vain')
  await page.keyboard.press('Enter')
  await press('Try again')
  await expect.poll(() => focused(page)).toMatch(/in vain/)
  await press('Discard')
  await log.getByText('in vain').waitFor({ state: 'detached' })
  expect(await focused(page)).toBe('Messages')
})

test('a finger that rests on a message opens its menu, wherever that is on the screen', async () => {
  const [ann, bo] = await stage.friends('rest-ann', 'rest-bo')
  if (!ann || !bo) throw new Error('nobody is there')
  await stage.server.send(bo, { toUserId: ann.id }, 'hold me')
  await stage.server.send(ann, { toUserId: bo.id }, 'and me')
  const page = await stage.visit({ as: ann, path: `/chat/u:${bo.id}`, viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true })
  const finger = await page.context().newCDPSession(page)
  const menu = page.getByRole('menu')
  const hold = async (text: string): Promise<void> => {
    const box = await page.getByRole('log').getByText(text).boundingBox()
    if (!box) throw new Error('it is not in sight')
    await finger.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [{ x: box.x + 10, y: box.y + 8 }] })
    await menu.waitFor()
    await finger.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] })
    const shown = await menu.boundingBox()
    const { width = 0, height = 0 } = page.viewportSize() ?? {}
    expect(shown && shown.x >= 0 && shown.y >= 0 && shown.x + shown.width <= width && shown.y + shown.height <= height).toBe(true)
  }
  await page.getByRole('log').getByText('and me').waitFor()
  // At the right edge, at the left one, and where there is no room above or below.
  await hold('and me')
  await menu.getByRole('menuitem', { name: 'Copy' }).waitFor()
  await page.keyboard.press('Escape')
  await menu.waitFor({ state: 'detached' })
  await page.setViewportSize({ width: 844, height: 390 })
  await hold('and me')
  await page.keyboard.press('Escape')
  await menu.waitFor({ state: 'detached' })
  await page.setViewportSize({ width: 390, height: 844 })
  await hold('hold me')
  await menu.getByRole('menuitem', { name: 'React with 👍' }).tap()
  await menu.waitFor({ state: 'detached' })
  await page.getByRole('log').getByRole('button', { name: /👍/ }).waitFor()
})
