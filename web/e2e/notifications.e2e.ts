// How a message that is not in sight makes itself known: the number in the title, a sound, a notification of the desktop.
import { expect, test } from 'vitest'

import { desktop, flip, followFocus, lookAway, notes, permissions, record, shown, turnOnDesktop } from './asked'
import { setStage, type Account, type Page } from './harness'

// The sound needs no gesture before it: what is tested is when the page wants to be heard.
const stage = setStage({}, ['--autoplay-policy=no-user-gesture-required'])

const frame = (page: Page) => page.getByRole('navigation', { name: 'Main' })
const sound = (page: Page) => page.getByRole('switch', { name: 'Sound' })

const trio = async (name: string): Promise<{ ann: Account; bo: Account; cy: Account }> => {
  const [ann, bo, cy] = await stage.friends(`${name}-ann`, `${name}-bo`, `${name}-cy`)
  if (!ann || !bo || !cy) throw new Error('nobody is there')
  return { ann, bo, cy }
}

/** A page that is recorded. */
const visit = async (as: Account, path: string): Promise<Page> => {
  const page = await stage.visit({ as })
  await page.context().addInitScript(record)
  await page.goto(path)
  await frame(page).waitFor()
  return page
}
const setPermission = async (page: Page, setting: 'prompt' | 'denied' | 'granted'): Promise<void> => {
  const context = page.context()
  const devtools = await context.newCDPSession(page)
  const { targetInfo } = await devtools.send('Target.getTargetInfo')
  const browser = await context.browser()?.newBrowserCDPSession()
  await browser?.send('Browser.setPermission', {
    permission: { name: 'notifications' },
    setting,
    origin: stage.server.url,
    ...(targetInfo.browserContextId ? { browserContextId: targetInfo.browserContextId } : {}),
  })
}

test('the title counts what is unread, not what is muted, and no longer what was read', async () => {
  const { ann, bo, cy } = await trio('titl')
  await stage.server.send(bo, { toUserId: ann.id }, 'one')
  await stage.server.send(bo, { toUserId: ann.id }, 'two')
  const page = await visit(ann, '/chat')
  await expect.poll(() => page.title()).toBe('(2) Hongyan')
  await stage.server.call('/api/chat/settings', { toUserId: cy.id, muted: true }, ann)
  await stage.server.send(cy, { toUserId: ann.id }, 'quiet')
  await page.getByRole('link', { name: /titl-cy.*quiet.*Muted/ }).waitFor()
  await stage.server.send(bo, { toUserId: ann.id }, 'three')
  await expect.poll(() => page.title()).toBe('(3) Hongyan')
  await page.getByRole('link', { name: /titl-bo/ }).click()
  await expect.poll(() => page.title()).toBe('Hongyan')

  await page.goto('/settings/notifications')
  await flip(page, 'Unread count in the title')
  await stage.server.send(bo, { toUserId: ann.id }, 'four')
  await page.getByRole('link', { name: /Chats.*1 unread message/ }).waitFor()
  expect(await page.title()).toBe('Hongyan')
  await flip(page, 'Unread count in the title')
  await expect.poll(() => page.title()).toBe('(1) Hongyan')
})

test('a browser is asked for notifications when the user asks for them, and not before', async () => {
  const { ann, bo } = await trio('perm')
  const page = await visit(ann, '/settings/notifications')
  await setPermission(page, 'prompt')
  await stage.server.send(bo, { toUserId: ann.id }, 'hello')
  await expect.poll(() => page.title()).toBe('(1) Hongyan')
  expect(await desktop(page).isChecked()).toBe(false)
  expect(await permissions(page)).toBe(0)
  // A question that is closed without an answer: nothing is turned on, and one may try again.
  await flip(page, 'Desktop notifications')
  await expect.poll(() => permissions(page)).toBe(1)
  expect(await desktop(page).isChecked()).toBe(false)
  expect(await desktop(page).isEnabled()).toBe(true)
  await setPermission(page, 'granted')
  await flip(page, 'Desktop notifications')
  await expect.poll(() => desktop(page).isChecked()).toBe(true)
  await page.reload()
  await expect.poll(() => desktop(page).isChecked()).toBe(true)
})

test('a browser that blocks notifications is explained, and heard when it no longer does', async () => {
  const { ann } = await trio('deny')
  const page = await visit(ann, '/chat')
  await setPermission(page, 'denied')
  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByRole('link', { name: 'Notifications' }).click()
  await page.getByText(/blocks notifications for this site\. Allow them in the browser’s settings/).waitFor()
  expect(await desktop(page).isDisabled()).toBe(true)
  const back = await lookAway(page)
  await setPermission(page, 'granted')
  await back()
  await expect.poll(() => desktop(page).isEnabled()).toBe(true)
  await flip(page, 'Desktop notifications')
  await expect.poll(() => desktop(page).isChecked()).toBe(true)
  expect(await permissions(page)).toBe(0)
})

test('the desktop shows who wrote and what, and a click on it leads there', async () => {
  const { ann, bo, cy } = await trio('desk')
  const group = await stage.server.group('desk-choir', ann, bo)
  const page = await visit(ann, '/settings')
  await turnOnDesktop(page)
  const back = await lookAway(page)
  await stage.server.send(bo, { toUserId: ann.id }, 'first line\nand second')
  await expect.poll(() => shown(page)).toEqual([['desk-bo', 'first line and second']])
  await stage.server.send(bo, { toGroupId: group }, 'to everybody')
  await expect.poll(() => shown(page)).toHaveLength(2)
  expect((await shown(page))[1]).toEqual(['desk-choir', 'desk-bo: to everybody'])
  await page.evaluate(() => window.asked.shown[1]?.click())
  await page.getByRole('log').getByText('to everybody').waitFor()
  expect(new URL(page.url()).pathname).toBe(`/chat/g:${group}`)

  // Without the text, if one does not want it to be read over the shoulder.
  await back()
  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByRole('link', { name: 'Notifications' }).click()
  await flip(page, 'Show the text')
  await lookAway(page)
  await stage.server.send(cy, { toUserId: ann.id }, 'a secret')
  await expect.poll(async () => (await shown(page)).slice(2)).toEqual([['desk-cy', 'New message']])
})

test('the desktop shows nothing of what is muted, nor of what is in sight', async () => {
  const { ann, bo, cy } = await trio('mute')
  for (const friend of [bo, cy]) await stage.server.send(friend, { toUserId: ann.id }, 'hello')
  await stage.server.call('/api/chat/settings', { toUserId: cy.id, muted: true }, ann)
  const page = await visit(ann, '/settings')
  await turnOnDesktop(page)
  const log = page.getByRole('log')
  const look = async (): Promise<void> => {
    await page.getByRole('link', { name: /^Chats/ }).click()
    await page.getByRole('link', { name: /mute-bo/ }).click()
    await log.getByText('hello').waitFor()
  }
  await look()
  await stage.server.send(bo, { toUserId: ann.id }, 'in sight')
  await log.getByText('in sight').waitFor()
  await expect.poll(() => page.title()).toBe('Hongyan')
  // Nor while one looks at something else of the page: there it is seen in the list.
  await page.getByRole('link', { name: 'Settings' }).click()
  await log.waitFor({ state: 'detached' })
  await stage.server.send(bo, { toUserId: ann.id }, 'in the page')
  await expect.poll(() => page.title()).toBe('(1) Hongyan')
  await look()

  await lookAway(page)
  await stage.server.send(cy, { toUserId: ann.id }, 'muted')
  // Each comes after the one before is shown: what was not to be shown had its time.
  for (const [at, text] of ['out of sight', 'and still'].entries()) {
    await stage.server.send(bo, { toUserId: ann.id }, text)
    await expect.poll(async () => (await shown(page)).length).toBeGreaterThan(at)
  }
  expect(await shown(page)).toEqual([
    ['mute-bo', 'out of sight'],
    ['mute-bo', 'and still'],
  ])
})

test('a sound is heard only if it is chosen, and choosing it lets one hear it', async () => {
  const { ann, bo } = await trio('tone')
  const page = await visit(ann, '/settings')
  await turnOnDesktop(page)
  await flip(page, 'Sound')
  await page.reload()
  await sound(page).waitFor()
  expect(await sound(page).isChecked()).toBe(false)
  const back = await lookAway(page)
  // What is shown was told of in every way that is chosen.
  for (const [at, text] of ['one', 'two'].entries()) {
    await stage.server.send(bo, { toUserId: ann.id }, text)
    await expect.poll(async () => (await shown(page)).length).toBeGreaterThan(at)
  }
  expect(await notes(page)).toEqual([])
  await back()
  await flip(page, 'Sound')
  await expect.poll(() => notes(page)).toEqual(Array(3).fill('/settings/notifications'))
})

test('what is in sight makes no sound, what is not does', async () => {
  const { ann, bo } = await trio('hush')
  const page = await visit(ann, `/chat/u:${bo.id}`)
  await page.getByRole('textbox', { name: /^Message to/ }).waitFor()
  await stage.server.send(bo, { toUserId: ann.id }, 'in sight')
  await page.getByRole('log').getByText('in sight').waitFor()
  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByRole('log').waitFor({ state: 'detached' })
  await stage.server.send(bo, { toUserId: ann.id }, 'elsewhere')
  await expect.poll(() => notes(page)).toEqual(Array(3).fill('/settings'))
  await lookAway(page)
  // Many messages in a moment are heard once: until the next one is.
  await expect
    .poll(async () => {
      await stage.server.send(bo, { toUserId: ann.id }, 'again')
      return notes(page)
    })
    .toEqual([...Array(3).fill('/settings'), 'away', 'away'])
})

test('a tab that is no longer drawn still tells', async () => {
  const { ann, bo } = await trio('dark')
  const page = await visit(ann, '/settings')
  await turnOnDesktop(page)
  // As of a tab that goes to the background: what was asked for before is not answered either.
  await page.evaluate(() => {
    window.requestAnimationFrame = () => 0
  })
  await lookAway(page)
  await stage.server.send(bo, { toUserId: ann.id }, 'unseen')
  await expect.poll(() => shown(page)).toEqual([['dark-bo', 'unseen']])
  await expect.poll(() => page.title()).toBe('(1) Hongyan')
})

test('what comes beside the window that one uses is in sight, and unread until one is back', async () => {
  const { ann, bo } = await trio('side')
  const page = await visit(ann, `/chat/u:${bo.id}`)
  const log = page.getByRole('log')
  const readByAnn = async () => {
    const { list } = await stage.server.get<{ list: { userId: string; peerReadSeq: number }[] }>('/api/chat/conversations', bo)
    return list.find(({ userId }) => userId === ann.id)?.peerReadSeq
  }
  await stage.server.send(bo, { toUserId: ann.id }, 'one')
  await log.getByText('one').waitFor()
  await expect.poll(readByAnn).toBe(1)

  const back = await lookAway(page)
  for (let line = 1; line <= 40; line++) await stage.server.send(bo, { toUserId: ann.id }, `beside ${line}`)
  const last = log.getByText('beside 40')
  await expect.poll(() => last.isVisible()).toBe(true)
  await expect.poll(() => page.title()).toBe('(40) Hongyan')
  expect(await readByAnn()).toBe(1)
  const place = async () => (await last.boundingBox())?.y
  // The last of them has come to its place when it stands within the log.
  await expect.poll(async () => {
    const { y = 0, height = 0 } = (await log.boundingBox()) ?? {}
    return ((await place()) ?? Infinity) < y + height
  }).toBe(true)
  const before = await place()

  // Nothing moves under the pointer that comes back.
  await back()
  await expect.poll(() => page.title()).toBe('Hongyan')
  await expect.poll(readByAnn).toBe(41)
  expect(await place()).toBe(before)
  await last.hover()
  await page.mouse.wheel(0, -10_000)
  await log.getByText('New messages').waitFor()
})

test('of two tabs one tells, and none of what the other shows', async () => {
  const { ann, bo, cy } = await trio('tabs')
  const one = await visit(ann, '/settings')
  await turnOnDesktop(one)
  const two = await one.context().newPage()
  await two.goto(`/chat/u:${bo.id}`)
  await two.getByRole('textbox', { name: /^Message to/ }).waitFor()
  await followFocus(two)
  const back = await lookAway(one)
  const all = async () => [...(await shown(one)), ...(await shown(two))]
  await stage.server.send(bo, { toUserId: ann.id }, 'for one of them')
  await stage.server.send(cy, { toUserId: ann.id }, 'and this')
  await expect.poll(all).toHaveLength(2)
  await back()
  await two.bringToFront()
  await expect.poll(() => two.evaluate(() => document.hasFocus())).toBe(true)
  await stage.server.send(bo, { toUserId: ann.id }, 'in sight of the other')
  await two.getByRole('log').getByText('in sight of the other').waitFor()
  // Whoever looks away is told again, at once.
  await lookAway(two)
  await stage.server.send(bo, { toUserId: ann.id }, 'out of sight')
  await stage.server.send(cy, { toUserId: ann.id }, 'and this too')
  await expect.poll(async () => (await all()).toSorted()).toEqual([
    ['tabs-bo', 'for one of them'],
    ['tabs-bo', 'out of sight'],
    ['tabs-cy', 'and this'],
    ['tabs-cy', 'and this too'],
  ])
})

test('what came while the server could not be reached is told of by its last message', async () => {
  const { ann, bo, cy } = await trio('gap')
  const page = await visit(ann, '/settings')
  await turnOnDesktop(page)
  await lookAway(page)
  await stage.server.send(bo, { toUserId: ann.id }, 'before')
  await expect.poll(() => shown(page)).toEqual([['gap-bo', 'before']])
  await page.context().setOffline(true)
  await stage.server.kill()
  await page.getByRole('button', { name: 'Try now' }).waitFor()
  await stage.server.restart()
  await stage.server.send(bo, { toUserId: ann.id }, 'meanwhile')
  await stage.server.send(bo, { toUserId: ann.id }, 'and the last')
  await stage.server.send(cy, { toUserId: ann.id }, 'from another')
  await page.context().setOffline(false)
  await expect
    .poll(() => shown(page))
    .toEqual([
      ['gap-bo', 'before'],
      ['gap-bo', 'and the last'],
      ['gap-cy', 'from another'],
    ])
  expect(await page.title()).toMatch(/^\(4\) /)
})

// As phones do, whose pages may not make a notification themselves.
test('where only the worker may show a notification, it does, with the way to the conversation', async () => {
  const { ann, bo } = await trio('work')
  const page = await visit(ann, '/settings')
  await turnOnDesktop(page)
  await page.evaluate(() => navigator.serviceWorker.ready)
  await page.evaluate(() => {
    const asked = window.Notification
    window.Notification = class extends asked {
      constructor(title: string) {
        super(title)
        throw new TypeError('Illegal constructor. Use ServiceWorkerRegistration.showNotification() instead.')
      }
    }
  })
  await lookAway(page)
  await stage.server.send(bo, { toUserId: ann.id }, 'on a phone')
  const ofWorker = (): Promise<unknown[]> =>
    page.evaluate(async () => {
      const registration = await navigator.serviceWorker.ready
      return (await registration.getNotifications()).map(({ title, body, data }) => ({ title, body, path: (data as { path: string }).path }))
    })
  await expect.poll(ofWorker).toEqual([{ title: 'work-bo', body: 'on a phone', path: `/chat/u:${bo.id}` }])
})
