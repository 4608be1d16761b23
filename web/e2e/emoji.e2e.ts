// The picker of emoji: a component of others that lives under this page's policy.
import { expect, test } from 'vitest'

import { setStage, type Locator, type Page, type Visit } from './harness'

const stage = setStage()

const composer = (page: Page): Locator => page.getByRole('textbox', { name: /^Message to/ })
const opener = (page: Page): Locator => page.getByRole('button', { name: /^(Emoji|表情)$/ })
const field = (page: Page): Locator => page.getByRole('combobox', { name: /^(Find emoji|搜索表情)$/ })
const often = (page: Page): Locator => page.getByRole('menu', { name: /^(Frequently used|常用表情)$/ }).getByRole('menuitem')

const conversation = async (name: string, how: Visit = {}) => {
  const [ann, bo] = await stage.friends(`${name}-ann`, `${name}-bo`)
  if (!ann || !bo) throw new Error('nobody is there')
  // What the service worker fetches is not seen by the test.
  const page = await stage.visit({ as: ann, path: `/chat/u:${bo.id}`, serviceWorkers: 'block', ...how })
  await opener(page).waitFor()
  return { ann, bo, page }
}

/** From now on. */
const countViolations = (page: Page): Promise<void> =>
  page.evaluate(() => {
    const seen: string[] = []
    Object.assign(window, { violations: seen })
    document.addEventListener('securitypolicyviolation', (event) => seen.push(`${event.effectiveDirective} ${event.blockedURI}`))
  })
const violations = (page: Page): Promise<unknown> => page.evaluate(() => (window as unknown as { violations: string[] }).violations)

test('an emoji is found, its skin chosen and sent, within the policy, from this server alone', async () => {
  const { page } = await conversation('skin')
  await countViolations(page)
  const elsewhere: string[] = []
  page.on('request', (request) => {
    if (!request.url().startsWith(stage.server.url)) elsewhere.push(request.url())
  })
  await opener(page).click()
  await field(page).waitFor()
  // It is drawn as it is meant to be: styles that were refused would leave one emoji below the other.
  const [one, next] = [page.getByRole('menuitem', { name: '😀' }), page.getByRole('menuitem', { name: '😃' })]
  expect((await one.boundingBox())?.y).toBe((await next.boundingBox())?.y)
  // Through all that it draws.
  await page.getByRole('tab', { name: 'Flags' }).click()
  await page.getByRole('menuitem', { name: /chequered flag/ }).waitFor()
  await field(page).fill('waving hand')
  await page.getByRole('option', { name: /waving hand/ }).waitFor()
  await page.getByRole('button', { name: 'Skin tone: Yellow' }).click()
  await page.getByRole('listbox', { name: 'Skin tones' }).getByRole('option', { name: 'Medium', exact: true }).click()
  await page.getByRole('option', { name: /^👋🏽/ }).click()
  await expect.poll(() => composer(page).inputValue()).toBe('👋🏽')
  expect(await violations(page)).toEqual([])
  expect(elsewhere).toEqual([])

  // One writes on, and it stays until it is sent away.
  await page.keyboard.type('!')
  await page.keyboard.press('Escape')
  await field(page).waitFor({ state: 'detached' })
  await page.keyboard.press('Enter')
  await page.getByRole('log').getByRole('article', { name: /👋🏽!.*sent/ }).waitFor()

  // This browser remembers both, until one leaves it.
  await page.reload()
  await opener(page).click()
  await page.getByRole('button', { name: 'Skin tone: Medium' }).waitFor()
  await expect.poll(() => often(page).first().textContent()).toBe('👋🏽')
  await page.goto('/settings')
  await page.getByRole('button', { name: 'Log out' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Log out' }).click()
  await page.getByRole('button', { name: 'Log in' }).waitFor()
  const kept = await page.evaluate(async () => [Object.keys(localStorage).filter((name) => name.includes('emoji')), (await indexedDB.databases()).filter(({ name }) => name?.includes('emoji'))])
  expect(kept).toEqual([[], []])
})

test('the keyboard alone finds and takes emoji', async () => {
  const { page } = await conversation('keys')
  const { keyboard } = page
  /** From the composer, by its button. */
  const open = async (): Promise<void> => {
    await keyboard.press('Tab')
    await keyboard.press('Enter')
    await page.getByRole('menuitem', { name: '😀' }).waitFor()
  }
  const close = async (): Promise<void> => {
    await keyboard.press('Escape')
    await field(page).waitFor({ state: 'detached' })
  }
  const written = (text: string): Promise<void> => expect.poll(() => composer(page).inputValue()).toBe(text)

  await composer(page).focus()
  await open()
  await close()
  await expect.poll(() => opener(page).evaluate((button) => button === document.activeElement)).toBe(true)

  await keyboard.press('Shift+Tab')
  await open()
  await keyboard.press('ArrowDown')
  await keyboard.press('ArrowRight')
  await keyboard.press('Enter')
  await written('😃')
  await close()

  // A row down, and back to the field.
  await open()
  await keyboard.press('ArrowDown')
  await keyboard.press('ArrowDown')
  await keyboard.press('Space')
  await written('😃🙂')
  await close()
  await open()
  await keyboard.press('ArrowDown')
  await keyboard.press('ArrowUp')
  // Enter is not faster than the search.
  await keyboard.type('party popper')
  await keyboard.press('Enter')
  await written('😃🙂🎉')
  await close()

  // All emoji of a group are one Tab: skin tone, groups, the panel, its emoji, and those that are often used.
  await open()
  for (let stop = 0; stop < 5; stop++) await keyboard.press('Tab')
  await keyboard.press('Enter')
  await written('😃🙂🎉🎉')
  await close()

  // The tones close by themselves, and are chosen.
  await open()
  const tones = page.getByRole('listbox', { name: 'Skin tones' })
  const inTones = (): Promise<boolean> => tones.evaluate((list) => (list.getRootNode() as ShadowRoot).activeElement === list)
  await keyboard.press('Tab')
  await keyboard.press('Enter')
  await expect.poll(inTones).toBe(true)
  await keyboard.press('Escape')
  await tones.waitFor({ state: 'hidden' })
  await keyboard.press('Enter')
  await expect.poll(inTones).toBe(true)
  await keyboard.press('ArrowUp')
  await keyboard.press('Enter')
  await page.getByRole('button', { name: 'Skin tone: Dark' }).waitFor()
  await close()
})

test('on a phone one picks several, and no keyboard comes between', async () => {
  const { page } = await conversation('phone', { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true })
  await opener(page).tap()
  const emoji = page.getByRole('menuitem', { name: '😀' })
  await emoji.tap()
  await expect.poll(() => composer(page).inputValue()).toBe('😀')
  await emoji.tap()
  await expect.poll(() => composer(page).inputValue()).toBe('😀😀')
  expect(await page.evaluate(() => document.activeElement?.matches('textarea') || document.activeElement?.shadowRoot?.activeElement?.matches('input'))).toBeFalsy()
  // Fingers need their room.
  const { width, height } = (await emoji.boundingBox()) ?? { width: 0, height: 0 }
  expect(Math.min(width, height)).toBeGreaterThanOrEqual(40)
  await page.getByRole('log').tap({ position: { x: 20, y: 20 } })
  await field(page).waitFor({ state: 'detached' })
})

test('a Chinese word of one character finds emoji, and a reaction joins what others reacted with', async () => {
  const { ann, bo, page } = await conversation('joined', { locale: 'zh-CN' })
  await stage.server.send(bo, { toUserId: ann.id }, '今天的猫')
  await stage.server.call('/api/chat/react', { toUserId: ann.id, seq: 1, emoji: '👍', on: true }, bo)
  const log = page.getByRole('log')
  await log.getByRole('button', { name: '👍，1 人' }).waitFor()
  await log.getByText('今天的猫').click({ button: 'right' })
  await page.getByRole('menuitem', { name: '更多表情' }).click()
  await field(page).fill('猫')
  await page.getByRole('option', { name: /^🐈, 猫/ }).waitFor()
  await field(page).fill('拇指向上')
  await page.getByRole('option', { name: /^👍/ }).click()
  await log.getByRole('button', { name: '👍，2 人' }).waitFor()
  await field(page).waitFor({ state: 'detached' })
})

test('emoji that did not come are asked for again', async () => {
  const { page } = await conversation('again')
  await page.route('**/assets/data-*.json', (route) => route.abort())
  await opener(page).click()
  await page.getByText('The emoji could not be loaded.').waitFor()
  await page.unroute('**/assets/data-*.json')
  await page.getByRole('button', { name: 'Try again' }).click()
  await page.getByRole('menuitem', { name: '😀' }).waitFor()
})
