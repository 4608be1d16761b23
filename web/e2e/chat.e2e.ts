import { Buffer } from 'node:buffer'

import { expect, test } from 'vitest'

import { setStage, type Locator, type Page } from './harness'

const stage = setStage()

const composer = (page: Page): Locator => page.getByRole('textbox', { name: /^Message to/ })
const log = (page: Page): Locator => page.getByRole('log')

/** Waits until the browser has drawn so many pictures. */
const pictures = (page: Page, count: number): Promise<void> =>
  page.evaluate(async (count) => {
    for (let drawn = 0; drawn < count; drawn++) await new Promise((next) => requestAnimationFrame(next))
  }, count)

const say = async (page: Page, text: string): Promise<void> => {
  await composer(page).fill(text)
  await composer(page).press('Enter')
}

const pair = async (name: string) => {
  const [ann, bo] = await stage.friends(`${name}-ann`, `${name}-bo`)
  if (!ann || !bo) throw new Error('nobody is there')
  return { ann, bo }
}

/** What one does with a message, from its menu. */
const doWith = async (page: Page, text: string, what: string): Promise<void> => {
  await log(page).getByText(text).first().click({ button: 'right' })
  await page.getByRole('menuitem', { name: what, exact: true }).click()
}

// The smallest picture there is, 1 × 1.
const PICTURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

test('the first minute: two strangers find each other and talk', async () => {
  const bo = await stage.server.register('minute-bo', '李波')
  const page = await stage.visit()
  await page.getByRole('link', { name: 'Create one' }).click()
  await page.getByLabel('Username').fill('minute-ann')
  await page.getByLabel('Nickname', { exact: true }).fill('安娜')
  await page.getByLabel('Password', { exact: true }).fill('long enough')
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.getByText('No conversations yet').waitFor()
  await page.getByRole('link', { name: 'Contacts' }).click()
  await page.getByRole('link', { name: 'Find people and groups' }).first().click()
  await page.getByRole('searchbox', { name: 'Name of a person or a group' }).fill('minute-bo')
  await page.getByRole('button', { name: 'Add friend' }).click()
  await page.getByRole('dialog').getByRole('textbox').fill('We met at the choir')
  await page.getByRole('button', { name: 'Send', exact: true }).click()

  const other = await stage.visit({ as: bo })
  await other.getByRole('link', { name: /Contacts/ }).click()
  await other.getByRole('link', { name: /New requests/ }).click()
  await other.getByText('We met at the choir').waitFor()
  await other.getByRole('button', { name: 'Accept' }).click()
  await other.getByText('Accepted').waitFor()

  await page.getByRole('link', { name: /Contacts/ }).click()
  await page.getByText('李波').first().click()
  await page.getByRole('button', { name: 'Send a message' }).or(page.getByRole('link', { name: 'Send a message' })).click()
  await say(page, '你好，波')
  await other.getByRole('link', { name: /Chats/ }).click()
  await other.getByText('你好，波').first().click()
  await log(other).getByText('你好，波').waitFor()
  await say(other, 'hello Anna')
  await log(page).getByText('hello Anna').waitFor()
})

test('a reply, a reaction, a change and a recall are seen on both sides', async () => {
  const { ann, bo } = await pair('change')
  await stage.server.send(bo, { toUserId: ann.id }, 'the original words')
  const one = await stage.visit({ as: ann, path: `/chat/u:${bo.id}` })
  const two = await stage.visit({ as: bo, path: `/chat/u:${ann.id}` })
  await doWith(one, 'the original words', 'Reply')
  await say(one, 'an answer')
  await log(two).getByText('an answer').waitFor()
  expect(await log(two).getByText('the original words').count()).toBe(2)

  await stage.server.call('/api/chat/react', { toUserId: ann.id, seq: 2, emoji: '🎉', on: true }, bo)
  await log(one).getByRole('button', { name: /🎉/ }).waitFor()

  await doWith(one, 'an answer', 'Edit')
  await composer(one).or(one.getByRole('textbox', { name: /Edit message/ })).fill('a better answer')
  await one.keyboard.press('Enter')
  await log(two).getByText('a better answer').waitFor()
  await log(two).getByRole('article', { name: /a better answer, .*edited/ }).waitFor()

  await doWith(one, 'a better answer', 'Recall')
  await log(two).getByText(/change-ann.? recalled a message\./).waitFor()
  expect(await log(two).getByText('a better answer').count()).toBe(0)
})

test('unread messages are marked, read on sight, and the sender sees that they were', async () => {
  const { ann, bo } = await pair('unread')
  const one = await stage.visit({ as: ann, path: `/chat/u:${bo.id}` })
  await say(one, 'are you there?')
  const two = await stage.visit({ as: bo })
  await two.getByRole('link', { name: /^Chats ?, 1 unread message$/ }).waitFor()
  await log(one).getByText('are you there?').waitFor()
  await two.getByText('are you there?').first().click()
  await log(two).getByText('New messages').waitFor()
  await two.getByRole('link', { name: 'Chats', exact: true }).waitFor()
  await log(one).getByRole('article', { name: /are you there\?, .*, read$/ }).waitFor()
})

test('a picture is shown before it is sent, small in the conversation, large on a click', async () => {
  const { ann, bo } = await pair('picture')
  const one = await stage.visit({ as: ann, path: `/chat/u:${bo.id}` })
  const two = await stage.visit({ as: bo, path: `/chat/u:${ann.id}` })
  await composer(one).waitFor()
  await one.locator('input[type=file]').first().setInputFiles({ name: 'dot.png', mimeType: 'image/png', buffer: PICTURE })
  await one.getByLabel('Files to be sent').getByRole('img').first().waitFor()
  await composer(one).press('Enter')
  await log(two).getByRole('button', { name: 'Open the picture' }).click()
  await two.getByRole('dialog').getByRole('img').waitFor()
  await two.keyboard.press('Escape')
  await two.getByRole('dialog').waitFor({ state: 'hidden' })
  await one.locator('input[type=file]').first().setInputFiles({
    name: 'notes ‮gnp.txt',
    mimeType: 'text/plain',
    buffer: Buffer.from('notes'),
  })
  await composer(one).press('Enter')
  const link = log(two).getByRole('link', { name: /Save the file/ })
  await link.waitFor()
  expect(await link.getAttribute('download')).not.toBeNull()
})

test('an input method never sends what is half typed', async () => {
  const { ann, bo } = await pair('ime')
  const page = await stage.visit({ as: ann, path: `/chat/u:${bo.id}` })
  await composer(page).click()
  const keyboard = await page.context().newCDPSession(page)
  const enter = { key: 'Process', code: 'Enter', windowsVirtualKeyCode: 229 }
  await keyboard.send('Input.imeSetComposition', { text: 'nihao', selectionStart: 5, selectionEnd: 5 })
  // While an input method composes, its Enter chooses a candidate.
  await keyboard.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...enter })
  await keyboard.send('Input.insertText', { text: '你好' })
  await keyboard.send('Input.dispatchKeyEvent', { type: 'keyUp', ...enter })
  expect(await composer(page).inputValue()).toBe('你好')
  await composer(page).press('Enter')
  await log(page).getByText('你好').waitFor()
  await expect
    .poll(async () => {
      const { list } = await stage.server.get<{ list: { msg: string }[] }>(
        `/api/chat/history?toUserId=${ann.id}`,
        bo,
      )
      return list.map(({ msg }) => msg)
    })
    .toEqual(['你好'])
})

test('the same words said twice are told twice to who does not see them', async () => {
  const { ann, bo } = await pair('twice')
  await stage.server.send(bo, { toUserId: ann.id }, 'are you there?')
  const page = await stage.visit({ as: ann, path: `/chat/u:${bo.id}` })
  await log(page).getByText('are you there?').waitFor()
  const told = page.locator('[aria-live=polite]').getByText('twice-bo: hello')
  await stage.server.send(bo, { toUserId: ann.id }, 'hello')
  await told.waitFor()
  const before = await told.elementHandle()
  await stage.server.send(bo, { toUserId: ann.id }, 'hello')
  await expect.poll(() => before?.evaluate((element) => element.isConnected)).toBe(false)
  await told.waitFor()
})

test('whoever reads above is not moved by what comes, and is told of it', async () => {
  const { ann, bo } = await pair('still')
  for (let at = 1; at <= 120; at++) await stage.server.send(bo, { toUserId: ann.id }, `line ${at}`)
  await stage.server.call('/api/chat/read', { toUserId: bo.id, seq: 120 }, ann)
  const page = await stage.visit({ as: ann, path: `/chat/u:${bo.id}` })
  await log(page).getByText('line 120').waitFor()
  await log(page).hover()
  // Up, over the place where older messages are fetched.
  const anchor = log(page).getByText(/^line 60, \d\d:\d\d/)
  for (let steps = 0; steps < 100 && (await anchor.count()) === 0; steps++) {
    await page.mouse.wheel(0, -200)
    await pictures(page, 3)
  }
  await expect
    .poll(async () => {
      const before = await anchor.boundingBox()
      await pictures(page, 10)
      return (await anchor.boundingBox())?.y === before?.y
    })
    .toBe(true)
  const before = await anchor.boundingBox()
  await stage.server.send(bo, { toUserId: ann.id }, 'line 121')
  await page.getByRole('button', { name: /1 new message/ }).waitFor()
  expect((await anchor.boundingBox())?.y).toBe(before?.y)
  await page.getByRole('button', { name: /1 new message/ }).click()
  await log(page).getByText('line 121').waitFor()
})

test('with the keyboard one chooses among what is in sight, however far up one has gone', async () => {
  const { ann, bo } = await pair('step')
  for (let at = 1; at <= 120; at++) await stage.server.send(bo, { toUserId: ann.id }, `line ${at}`)
  await stage.server.call('/api/chat/read', { toUserId: bo.id, seq: 120 }, ann)
  const page = await stage.visit({ as: ann, path: `/chat/u:${bo.id}` })
  const line = (at: number): Locator => log(page).getByRole('article', { name: new RegExp(`line ${at},`) })
  /** The number of the line that has the focus, if it is in sight. */
  const focused = (): Promise<number> =>
    page.evaluate(() => {
      const it = document.activeElement
      const [row, sight] = [it?.getBoundingClientRect(), it?.closest('[role="log"]')?.getBoundingClientRect()]
      const seen = row && sight && row.bottom > sight.top && row.top < sight.bottom
      return seen ? Number(/line (\d+)/.exec(it?.getAttribute('aria-label') ?? '')?.[1]) : NaN
    })
  await line(120).waitFor()
  await log(page).focus()
  await page.keyboard.press('ArrowUp')
  await expect.poll(focused).toBe(120)
  await page.keyboard.press('ArrowUp')
  await expect.poll(focused).toBe(119)
  // The row that had the focus is not drawn where these keys lead.
  for (let gone = 120; gone > 90; gone -= 10) {
    await page.keyboard.press('PageUp')
    await line(gone).waitFor({ state: 'detached' })
  }
  // The browser scrolls smoothly for these keys.
  await expect
    .poll(() =>
      log(page).evaluate(async (log) => {
        const before = log.scrollTop
        for (let drawn = 0; drawn < 10; drawn++) await new Promise((next) => requestAnimationFrame(next))
        return log.scrollTop - before
      }),
    )
    .toBe(0)
  expect(await log(page).evaluate((log) => log === document.activeElement)).toBe(true)
  await page.keyboard.press('ArrowUp')
  await expect.poll(focused).toBeLessThan(100)
  const at = await focused()
  await page.keyboard.press('ArrowDown')
  await expect.poll(focused).toBe(at + 1)
  // Whoever scrolls it away goes on in the log.
  await log(page).hover()
  await page.mouse.wheel(0, 4000)
  await line(at + 1).waitFor({ state: 'detached' })
  await expect.poll(() => log(page).evaluate((log) => log === document.activeElement)).toBe(true)
})

test('what one sends from far up is seen at once', async () => {
  const { ann, bo } = await pair('far')
  for (let at = 1; at <= 150; at++) await stage.server.send(bo, { toUserId: ann.id }, `line ${at}`)
  await stage.server.call('/api/chat/read', { toUserId: bo.id, seq: 150 }, ann)
  const page = await stage.visit({ as: ann, path: `/chat/u:${bo.id}` })
  await log(page).getByText(/^line 150, /).waitFor()
  await page.goto(`/chat/u:${bo.id}?at=5`)
  await log(page).getByText(/^line 5, /).waitFor()
  await say(page, 'an answer to the fifth')
  await log(page).getByRole('article', { name: /an answer to the fifth.*sent/ }).waitFor()
  await log(page).getByText(/^line 150, /).waitFor()
})

test('whoever reads above is not moved by what another tab leaves unsent', async () => {
  const { ann, bo } = await pair('aside')
  for (let at = 1; at <= 40; at++) await stage.server.send(bo, { toUserId: ann.id }, `line ${at}`)
  await stage.server.call('/api/chat/read', { toUserId: bo.id, seq: 40 }, ann)
  const page = await stage.visit({ as: ann, path: `/chat/u:${bo.id}` })
  await log(page).getByText(/^line 40, /).waitFor()
  const other = await page.context().newPage()
  await other.goto(`/chat/u:${bo.id}`)
  await stage.server.kill()
  await page.getByRole('button', { name: 'Try now' }).waitFor()
  await say(other, 'on its way')
  await log(other).getByRole('article', { name: /on its way/ }).waitFor()
  await page.bringToFront()
  await log(page).hover()
  await page.mouse.wheel(0, -4000)
  const measured = (): Promise<{ top: number; height: number }> =>
    log(page).evaluate(({ scrollTop: top, scrollHeight: height }) => ({ top, height }))
  await expect.poll(async () => (await measured()).top).toBeLessThan(50)
  await log(page).getByText(/^line 1, /).waitFor()
  const { height } = await measured()
  await other.close()
  await expect.poll(async () => (await measured()).height).toBeGreaterThan(height)
  await pictures(page, 10)
  // But for what the heights of the rows that are drawn turn out to be.
  expect((await measured()).top).toBeLessThan(50)
  await page.getByRole('button', { name: 'Jump to the newest' }).click()
  await stage.server.restart()
  await log(page).getByRole('article', { name: /on its way.* sent$/ }).waitFor()
})

test('whoever comes to unread messages begins at the first, and drags on from what is loaded', async () => {
  const { ann, bo } = await pair('drag')
  for (let at = 1; at <= 400; at++) await stage.server.send(bo, { toUserId: ann.id }, `line ${at}`)
  await stage.server.call('/api/chat/read', { toUserId: bo.id, seq: 100 }, ann)
  const page = await stage.visit({ as: ann, path: `/chat/u:${bo.id}` })
  const line = (at: number): Locator => log(page).getByText(new RegExp(`^line ${at}, `))
  await line(101).waitFor()
  // What is above and below it comes, and moves nothing.
  await pictures(page, 60)
  const [top, first] = await Promise.all([log(page).boundingBox(), line(101).boundingBox()])
  expect((first?.y ?? 0) - (top?.y ?? 0)).toBeGreaterThan(0)
  expect((first?.y ?? 0) - (top?.y ?? 0)).toBeLessThan(200)
  const beyond = await log(page).evaluate(async (log) => {
    let scroller: Element | null = log
    while (scroller && scroller.scrollHeight <= scroller.clientHeight + 1) scroller = scroller.parentElement
    if (!scroller) throw new Error('nothing scrolls')
    const end = scroller.scrollHeight
    scroller.scrollTop = end
    const start = performance.now()
    // The page below is here when the list is longer by many lines.
    while (scroller.scrollHeight < end + 1_000) {
      await new Promise((next) => requestAnimationFrame(next))
      if (performance.now() - start > 10_000) throw new Error('nothing came')
    }
    for (let drawn = 0; drawn < 30; drawn++) await new Promise((next) => requestAnimationFrame(next))
    return scroller.scrollTop + scroller.clientHeight - end
  })
  expect(Math.abs(beyond)).toBeLessThan(300)
  expect(await line(400).count()).toBe(0)
})

test('a draft waits in its conversation, also after a reload', async () => {
  const [ann, bo, cy] = await stage.friends('draft-ann', 'draft-bo', 'draft-cy')
  if (!ann || !bo || !cy) throw new Error('nobody is there')
  await stage.server.send(bo, { toUserId: ann.id }, 'from bo')
  await stage.server.send(cy, { toUserId: ann.id }, 'from cy')
  const page = await stage.visit({ as: ann, path: `/chat/u:${bo.id}` })
  await composer(page).fill('not done yet')
  await page.getByText('from cy').first().click()
  await log(page).getByText('from cy').waitFor()
  expect(await composer(page).inputValue()).toBe('')
  await page.getByText('Draft:', { exact: true }).waitFor()
  await page.reload()
  await page.getByText('not done yet').first().click()
  await expect.poll(() => composer(page).inputValue()).toBe('not done yet')
})

test('what is searched for is found, and shown where it was said', async () => {
  const { ann, bo } = await pair('find')
  await stage.server.send(bo, { toUserId: ann.id }, '我们去上海吧')
  for (let at = 1; at <= 150; at++) await stage.server.send(bo, { toUserId: ann.id }, `line ${at}`)
  const page = await stage.visit({ as: ann })
  await page.getByRole('searchbox').fill('上海')
  await page.getByText('我们去上海吧').first().click()
  await log(page).getByText('我们去上海吧').waitFor()
  expect(await log(page).getByText('line 150').count()).toBe(0)
})

test('Enter opens what is found for the words that stand in the field, however soon it is pressed', async () => {
  const [ann, bo, cy] = await stage.friends('enter-ann', 'enter-bo', 'enter-cy')
  if (!ann || !bo || !cy) throw new Error('nobody is there')
  await stage.server.send(bo, { toUserId: ann.id }, 'apples and pears')
  await stage.server.send(cy, { toUserId: ann.id }, 'apples alone')
  const page = await stage.visit({ as: ann })
  const field = page.getByRole('searchbox')
  await field.fill('apples')
  const found = page.getByRole('region', { name: 'Messages' })
  await expect.poll(() => found.getByRole('link').count()).toBe(2)
  await field.pressSequentially(' pears')
  await field.press('Enter')
  await page.waitForURL(`**/chat/u:${bo.id}`)
  await log(page).getByText('apples and pears').waitFor()
})
