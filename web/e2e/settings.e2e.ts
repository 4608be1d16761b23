// One's own account: who one is for others, the picture, the password, and the devices.
import { Buffer } from 'node:buffer'

import { expect, test } from 'vitest'

import { setStage, type Account, type Page, type Visit } from './harness'
import { corners, squares } from './picture'

const stage = setStage({ HONGYAN_ACCOUNTS__DEVICES: '5' })

const FIREFOX: Visit = { userAgent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0' }
const IPHONE: Visit = {
  userAgent:
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1',
}

const frame = (page: Page) => page.getByRole('navigation', { name: 'Main' })
const logIn = async (page: Page, username: string, password: string): Promise<void> => {
  await page.getByLabel('Username').fill(username)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Log in' }).click()
}
/** A browser of that kind, where this person logged in by hand. */
const device = async (who: Account, kind: Visit = {}): Promise<Page> => {
  const page = await stage.visit({ ...kind, path: '/login' })
  await logIn(page, who.username, who.password)
  await frame(page).waitFor()
  return page
}
const pair = async (name: string): Promise<{ ann: Account; bo: Account }> => {
  const [ann, bo] = await stage.friends(`${name}-ann`, `${name}-bo`)
  if (!ann || !bo) throw new Error('nobody is there')
  return { ann, bo }
}

test('a friend sees the name, the line and the gender that one saves, at once', async () => {
  const { ann, bo } = await pair('prof')
  const page = await stage.visit({ as: ann, path: '/settings/profile' })
  const friend = await stage.visit({ as: bo, path: `/contacts/u/${ann.id}` })
  await friend.getByRole('heading', { name: 'prof-ann' }).waitFor()
  const save = page.getByRole('button', { name: 'Save' })
  const name = page.getByLabel('Nickname', { exact: true })
  await name.waitFor()
  expect(await save.isDisabled()).toBe(true)

  await name.fill('   ')
  await save.click()
  await page.getByText('Enter a nickname that others can see.').waitFor()
  await name.fill('Anna 安娜')
  await page.getByLabel('About you').fill('字'.repeat(201))
  await save.click()
  await page.getByText('Too long: use at most 200 characters.').waitFor()
  expect((await stage.server.get<{ nickname: string }>('/api/user/get_info', ann)).nickname).toBe('prof-ann')

  await page.getByLabel('About you').fill('Sings on Wednesdays\n<b>loudly</b>')
  await page.getByRole('radio', { name: 'Female' }).check({ force: true })
  await save.click()
  await page.getByText('Saved').waitFor()
  expect(await save.isDisabled()).toBe(true)
  const card = friend.getByRole('region', { name: 'Anna 安娜' })
  await card.getByText('<b>loudly</b>').waitFor()
  await card.getByRole('img', { name: 'Female' }).waitFor()
  await page.reload()
  await expect.poll(() => name.inputValue()).toBe('Anna 安娜')
  expect(await page.getByRole('radio', { name: 'Female' }).isChecked()).toBe(true)
})

/** Where somebody sees ann's picture, and what is at its corners. */
const seenBy = async (friend: Page): Promise<string[]> => {
  const src = await friend.getByRole('main').getByRole('region').locator('img').first().getAttribute('src', { timeout: 1_000 }).catch(() => null)
  return src ? corners(friend, src) : []
}
const crop = (page: Page) => {
  const dialog = page.getByRole('dialog', { name: 'Adjust the picture' })
  return {
    dialog,
    picture: dialog.getByRole('application'),
    zoom: dialog.getByRole('slider', { name: 'Zoom' }),
    use: dialog.getByRole('button', { name: 'Use picture' }),
  }
}
const file = (page: Page) => page.getByRole('main').locator('input[type=file]')

test('a picture is cut with the keyboard, and the friend sees just that part of it', async () => {
  const { ann, bo } = await pair('keys')
  const page = await stage.visit({ as: ann, path: '/settings/profile' })
  const friend = await stage.visit({ as: bo, path: `/contacts/u/${ann.id}` })
  await friend.getByRole('heading', { name: 'keys-ann' }).waitFor()
  const { dialog, picture, zoom, use } = crop(page)
  const drawn = await squares(page, 100)
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.getByRole('button', { name: 'Change picture' }).click()])
  await chooser.setFiles(drawn)
  await use.click()
  await dialog.waitFor({ state: 'detached' })
  // As it is offered: from the middle, as much as a square can hold.
  await expect.poll(() => seenBy(friend)).toEqual(['green', 'blue', 'forest', 'navy'])

  await file(page).setInputFiles(drawn)
  // It has the focus: the keys move it at once.
  await picture.and(page.locator(':focus')).waitFor()
  for (let steps = 0; steps < 20; steps++) await page.keyboard.press('ArrowLeft')
  for (let steps = 0; steps < 8; steps++) await page.keyboard.press('+')
  for (let steps = 0; steps < 20; steps++) await page.keyboard.press('ArrowUp')
  await use.click()
  await dialog.waitFor({ state: 'detached' })
  await expect.poll(() => seenBy(friend)).toEqual(['red', 'green', 'red', 'green'])

  // The next one, though it has the same size, is offered as it is.
  await file(page).setInputFiles(drawn)
  await dialog.waitFor()
  expect(await zoom.inputValue()).toBe('0')
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Change picture' }).and(page.locator(':focus')).waitFor()
  expect(await seenBy(friend)).toEqual(['red', 'green', 'red', 'green'])
})

test('a picture is cut with the mouse: dragged, and zoomed with the wheel', async () => {
  const { ann, bo } = await pair('drag')
  const page = await stage.visit({ as: ann, path: '/settings/profile' })
  const friend = await stage.visit({ as: bo, path: `/contacts/u/${ann.id}` })
  const { dialog, picture, zoom, use } = crop(page)
  await file(page).setInputFiles(await squares(page, 100))
  await picture.hover()
  const box = await picture.boundingBox()
  if (!box) throw new Error('there is no picture')
  await page.mouse.down()
  await page.mouse.move(box.x + 2 * box.width, box.y + box.height / 2, { steps: 5 })
  await page.mouse.up()
  await picture.hover()
  await page.mouse.wheel(0, -2_000)
  await expect.poll(async () => Number(await zoom.inputValue())).toBeGreaterThan(1)
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
  await page.mouse.down()
  // Far beyond the edge: the square stays within the picture.
  await page.mouse.move(box.x + 20 * box.width, box.y - 20 * box.height, { steps: 5 })
  await page.mouse.up()
  await use.click()
  await dialog.waitFor({ state: 'detached' })
  await expect.poll(() => seenBy(friend)).toEqual(['maroon', 'maroon', 'maroon', 'maroon'])
})

test('on a phone two fingers zoom the picture, and one moves it', async () => {
  const { ann, bo } = await pair('hand')
  const page = await stage.visit({ as: ann, path: '/settings/profile', viewport: { width: 390, height: 780 }, isMobile: true, hasTouch: true })
  const friend = await stage.visit({ as: bo, path: `/contacts/u/${ann.id}` })
  const { dialog, picture, zoom, use } = crop(page)
  await file(page).setInputFiles(await squares(page, 100))
  // It comes in from below, and can be held when it stands still.
  await dialog.evaluate((sheet) => Promise.all(sheet.getAnimations({ subtree: true }).map(({ finished }) => finished)))
  const box = await picture.boundingBox()
  if (!box) throw new Error('there is no picture')
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
  const devtools = await page.context().newCDPSession(page)
  const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', ...points: [number, number][]) =>
    devtools.send('Input.dispatchTouchEvent', { type, touchPoints: points.map(([x, y], id) => ({ x, y, id })) })
  await touch('touchStart', [x - 20, y], [x + 20, y])
  for (let apart = 30; apart <= 100; apart += 10) await touch('touchMove', [x - apart, y], [x + apart, y])
  await touch('touchEnd')
  await expect.poll(async () => Math.exp(Number(await zoom.inputValue()))).toBeGreaterThan(4)
  for (let strokes = 0; strokes < 3; strokes++) {
    await touch('touchStart', [x, y])
    for (let way = 20; way <= 120; way += 20) await touch('touchMove', [x - way, y - way])
    await touch('touchEnd')
  }
  await use.click()
  await dialog.waitFor({ state: 'detached' })
  await expect.poll(() => seenBy(friend)).toEqual(['navy', 'navy', 'navy', 'navy'])
})

test('what is no picture is not taken, and says what is', async () => {
  const ann = await stage.server.register('nopic-ann')
  const page = await stage.visit({ as: ann, path: '/settings/profile' })
  await file(page).setInputFiles({ name: 'notes.png', mimeType: 'image/png', buffer: Buffer.from('not a picture') })
  await page.getByText('This picture cannot be read. Choose a PNG, JPEG, GIF or WebP picture.').waitFor()
  expect(await page.getByRole('dialog').count()).toBe(0)
})

test('a new password wants the old one, ends the other logins, and is the one that logs in', async () => {
  const ann = await stage.server.register('pass-ann')
  const page = await device(ann)
  const other = await device(ann, FIREFOX)
  await page.goto('/settings/password')
  const field = (name: string) => page.getByLabel(name, { exact: true })
  const change = page.getByRole('button', { name: 'Change password' })
  const refusal = async (name: string, words: string): Promise<void> => {
    await page.getByRole('alert').filter({ hasText: words }).waitFor()
    // It belongs to the field, for whoever hears the page, and one can write at once.
    const said = await field(name).evaluate((input) => document.getElementById(input.getAttribute('aria-describedby') ?? '')?.textContent)
    expect(said).toBe(words)
    expect(await field(name).evaluate((input) => input === document.activeElement)).toBe(true)
  }
  const fill = async (old: string, fresh: string, again = fresh): Promise<void> => {
    await field('Current password').fill(old)
    await field('New password').fill(fresh)
    await field('New password again').fill(again)
    await change.click()
  }
  await fill('not my password', 'brand new secret')
  await refusal('Current password', 'The password is wrong. Check it and try again.')
  await fill(ann.password, 'brand new secret', 'brand new secrets')
  await refusal('New password again', 'Not the same as above. Enter it again.')
  await fill(ann.password, 'short')
  await refusal('New password', 'Too short: use at least 6 characters.')
  await fill(ann.password, ann.password)
  await refusal('New password', 'The new password is the same as the old one. Choose another.')
  // So far nobody was logged out.
  await other.reload()
  await frame(other).waitFor()

  await fill(ann.password, 'brand new secret')
  await page.getByText('Your password was changed. Other devices were logged out.').waitFor()
  for (const name of ['Current password', 'New password', 'New password again']) expect(await field(name).inputValue()).toBe('')
  await other.getByRole('heading', { name: 'Logged out by another device' }).waitFor()
  await other.getByText(/changed the password/).waitFor()
  await other.getByRole('button', { name: 'Log in again' }).click()
  await logIn(other, ann.username, ann.password)
  await other.getByText('The password is wrong. Check it and try again.').waitFor()
  await logIn(other, ann.username, 'brand new secret')
  await frame(other).waitFor()
  // Here one is still logged in, also for the server.
  await page.reload()
  await page.getByLabel('Current password').waitFor()
})

test('devices are listed by name; one is ended, then all others, and each says why', async () => {
  const ann = await stage.server.register('devs-ann')
  const firefox = await device(ann, FIREFOX)
  const phone = await device(ann, IPHONE)
  const page = await device(ann)
  await page.goto('/settings/devices')
  const list = page.getByRole('main').getByRole('list', { name: 'Devices' })
  const names = (): Promise<string[]> => list.getByRole('listitem').locator('.name').allTextContents()
  // The one that asks stands first, then the others, the latest first; the last is the program that registered.
  await expect.poll(names).toEqual(['Chrome · Linux', 'Safari · iOS', 'Firefox · Windows', 'node'])
  await list.getByRole('listitem').filter({ hasText: 'Chrome · Linux' }).getByText('This device').waitFor()
  expect(await page.getByRole('button', { name: 'Log out Chrome · Linux' }).count()).toBe(0)

  await page.getByRole('button', { name: 'Log out Firefox · Windows' }).click()
  const ask = page.getByRole('dialog', { name: 'Log out Firefox · Windows?' })
  await ask.getByRole('button', { name: 'Cancel' }).click()
  await ask.waitFor({ state: 'detached' })
  expect(await names()).toHaveLength(4)
  await page.getByRole('button', { name: 'Log out Firefox · Windows' }).click()
  await ask.getByRole('button', { name: 'Log out' }).click()
  await expect.poll(names).toEqual(['Chrome · Linux', 'Safari · iOS', 'node'])
  await firefox.getByRole('heading', { name: 'Logged out by another device' }).waitFor()
  await firefox.getByText(/ended this login/).waitFor()
  await frame(phone).waitFor()

  await page.getByRole('button', { name: 'Log out all other devices' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Log out' }).click()
  await expect.poll(names).toEqual(['Chrome · Linux'])
  await phone.getByRole('heading', { name: 'Logged out by another device' }).waitFor()
  expect(await page.getByRole('button', { name: 'Log out all other devices' }).count()).toBe(0)
  await firefox.getByRole('button', { name: 'Log in again' }).click()
  await logIn(firefox, ann.username, ann.password)
  await frame(firefox).waitFor()
  await page.reload()
  await expect.poll(names).toEqual(['Chrome · Linux', 'Firefox · Windows'])
})
