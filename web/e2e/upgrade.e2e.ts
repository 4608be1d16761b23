// The page as something that is installed: it starts without a network, and a newer build takes its place without taking anything away.
import { afterEach, beforeEach, expect, test } from 'vitest'

import { setStage, type Account, type Page } from './harness'
import { isNext, Proxy } from './proxy'

const stage = setStage()
let proxy: Proxy

beforeEach(async () => {
  proxy = await Proxy.start(stage.server.url)
})
afterEach(() => proxy.stop())

const composer = (page: Page) => page.getByRole('textbox', { name: /^Message to/ })
const frame = (page: Page) => page.getByRole('navigation', { name: 'Main' })
const offer = (page: Page) => page.getByText('A new version of Hongyan is ready.')

const pair = async (name: string): Promise<{ ann: Account; bo: Account }> => {
  const [ann, bo] = await stage.friends(`${name}-ann`, `${name}-bo`)
  if (!ann || !bo) throw new Error('nobody is there')
  return { ann, bo }
}

/** Until the worker has all of the page, and answers for it. */
const isInstalled = (page: Page): Promise<void> =>
  page.evaluate(async () => {
    await navigator.serviceWorker.ready
    const { serviceWorker } = navigator
    if (!serviceWorker.controller) await new Promise((done) => serviceWorker.addEventListener('controllerchange', done, { once: true }))
  })

/** The parts that this page was made of, from wherever they came. */
const partsOf = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const entry = document.querySelector<HTMLScriptElement>('script[type="module"]')?.src ?? ''
    const loaded = performance.getEntriesByType('resource').map(({ name }) => name)
    return [entry, ...loaded.filter((name) => /\/assets\/.*\.(js|css)$/.test(name))]
  })

const build = async (page: Page): Promise<'old' | 'next' | 'mixed'> => {
  const next = (await partsOf(page)).map(isNext)
  return next.every(Boolean) ? 'next' : next.some(Boolean) ? 'mixed' : 'old'
}

/** What a new document does not have. */
const mark = (page: Page): Promise<void> => page.evaluate(() => void Object.assign(window, { marked: true }))
const isMarked = (page: Page): Promise<boolean> => page.evaluate(() => 'marked' in window)

test('a browser finds nothing that keeps the page from being installed', async () => {
  const { ann } = await pair('inst')
  const page = await stage.visit({ as: ann, at: proxy.url })
  await frame(page).waitFor()
  const devtools = await page.context().newCDPSession(page)
  const { data, errors } = await devtools.send('Page.getAppManifest')
  expect(errors).toEqual([])
  const manifest = JSON.parse(data ?? '') as { name: string; start_url: string; display: string; icons: { src: string; sizes: string; type: string }[] }
  expect(manifest).toMatchObject({ name: '鸿雁 Hongyan', start_url: '/chat', display: 'standalone' })
  // Each icon is what the manifest says of it.
  for (const { src, sizes, type } of manifest.icons.filter(({ type }) => type === 'image/png')) {
    const real = await page.evaluate(async (src) => {
      const blob = await (await fetch(src)).blob()
      const { width, height } = await createImageBitmap(blob)
      return { sizes: `${width}x${height}`, type: blob.type }
    }, src)
    expect(real).toEqual({ sizes, type })
  }
  const { installabilityErrors } = await devtools.send('Page.getInstallabilityErrors')
  // A test's browser forgets everything, as a private window does.
  expect(installabilityErrors.filter(({ errorId }) => errorId !== 'in-incognito')).toEqual([])
})

test('without a network the page starts at any address, with all of its parts', async () => {
  const { ann, bo } = await pair('offl')
  await stage.server.send(bo, { toUserId: ann.id }, 'read it on the train')
  const page = await stage.visit({ as: ann, at: proxy.url, path: `/chat/u:${bo.id}` })
  await page.getByRole('log').getByText('read it on the train').waitFor()
  await isInstalled(page)
  await page.context().setOffline(true)
  // Neither this address nor these parts were ever asked for.
  await page.goto('/settings/notifications')
  await page.getByRole('switch', { name: 'Sound' }).waitFor()
  await page.getByRole('button', { name: 'Log out' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
  await page.getByRole('link', { name: /^Chats/ }).click()
  await page.getByRole('link', { name: /offl-bo/ }).click()
  await page.getByRole('log').getByText('read it on the train').waitFor()
})

test('an upgrade waits until the page is let go, keeps what is being written, and leaves nothing of the old page', async () => {
  const { ann, bo } = await pair('upgr')
  const page = await stage.visit({ as: ann, at: proxy.url, path: `/chat/u:${bo.id}` })
  await composer(page).fill('written before')
  await isInstalled(page)
  expect(await build(page)).toBe('old')
  await mark(page)

  await proxy.upgrade()
  await offer(page).waitFor()
  // It is only an offer: one goes on writing, in the same page, with the parts that it was made with.
  await composer(page).pressSequentially(', and after')
  await page.getByRole('button', { name: 'Emoji', exact: true }).click()
  await page.getByRole('dialog').waitFor()
  await page.keyboard.press('Escape')
  expect(await isMarked(page)).toBe(true)
  expect(await build(page)).toBe('old')

  await composer(page).pressSequentially('!')
  await page.getByRole('button', { name: 'Reload' }).click()
  await expect.poll(() => isMarked(page).catch(() => true)).toBe(false)
  await expect.poll(() => composer(page).inputValue()).toBe('written before, and after!')
  expect(await build(page)).toBe('next')
  expect(await offer(page).count()).toBe(0)

  // Nor is the old page what is kept for a time without a network.
  await isInstalled(page)
  await page.context().setOffline(true)
  await page.reload()
  await composer(page).waitFor()
  expect(await build(page)).toBe('next')
})

test('a page that is opened after an upgrade is the new one, and the old one beside it can still be left', async () => {
  const { ann, bo } = await pair('anew')
  const old = await stage.visit({ as: ann, at: proxy.url, path: `/chat/u:${bo.id}` })
  await composer(old).waitFor()
  await isInstalled(old)
  await mark(old)
  await proxy.upgrade()
  const fresh = await old.context().newPage()
  await fresh.goto('/chat')
  await fresh.getByRole('link', { name: 'Settings' }).click()
  await fresh.getByRole('button', { name: 'Log out' }).click()
  await fresh.getByRole('dialog').waitFor()
  expect(await build(fresh)).toBe('next')
  // One that is new already is not told to reload; the old one is, and not more than told.
  await offer(old).waitFor()
  await expect
    .poll(() => fresh.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.waiting))
    .toBeNull()
  expect(await offer(fresh).count()).toBe(0)
  expect(await isMarked(old)).toBe(true)
  await old.getByRole('button', { name: 'Reload' }).click()
  await expect.poll(() => isMarked(old).catch(() => true)).toBe(false)
  await composer(old).waitFor()
  expect(await build(old)).toBe('next')
})

/** Over plain http browsers let no worker keep the parts of a page; it breaks on those that do not come. */
const PLAIN = { serviceWorkers: 'block', breaks: /dynamically imported module|preload CSS/ } as const

test('a view that an upgrade took away leads to the same place in the new page', async () => {
  const { ann, bo } = await pair('view')
  const page = await stage.visit({ as: ann, at: proxy.url, path: `/chat/u:${bo.id}`, ...PLAIN })
  await composer(page).fill('half a sentence')
  await mark(page)
  await proxy.upgrade()
  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByRole('link', { name: 'Notifications' }).waitFor()
  expect(new URL(page.url()).pathname).toBe('/settings')
  expect(await isMarked(page)).toBe(false)
  expect(await build(page)).toBe('next')
  await page.getByRole('link', { name: /^Chats/ }).click()
  await page.getByRole('link', { name: /view-bo/ }).click()
  await expect.poll(() => composer(page).inputValue()).toBe('half a sentence')
})

test('a dialog that an upgrade took away brings the new page, where it opens', async () => {
  const { ann } = await pair('dlog')
  const page = await stage.visit({ as: ann, at: proxy.url, path: '/settings/notifications', ...PLAIN })
  await page.getByRole('button', { name: 'Log out' }).waitFor()
  await mark(page)
  await proxy.upgrade()
  await page.getByRole('button', { name: 'Log out' }).click()
  await expect.poll(() => isMarked(page).catch(() => true)).toBe(false)
  await page.getByRole('button', { name: 'Log out' }).click()
  await page.getByRole('dialog').waitFor()
  expect(new URL(page.url()).pathname).toBe('/settings/notifications')
  expect(await build(page)).toBe('next')
})

test('a part that cannot come because the server is away says so, and does not take the page away', async () => {
  const { ann } = await pair('away')
  const page = await stage.visit({ as: ann, at: proxy.url, path: '/chat', ...PLAIN })
  await frame(page).waitFor()
  await mark(page)
  await stage.server.kill()
  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByText('Check your connection and try again').waitFor()
  expect(await isMarked(page)).toBe(true)
  await stage.server.restart()
  await page.getByText('Part of this page could not be loaded').waitFor()
  expect(await isMarked(page)).toBe(true)
  // A browser would not ask for it again, or have it without its looks: the view comes with a page that is whole.
  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByRole('link', { name: 'Notifications' }).waitFor()
  expect(await isMarked(page)).toBe(false)
  expect(new URL(page.url()).pathname).toBe('/settings')
})

test('a dialog that did not come can be asked for again, and comes in a page that is loaded anew', async () => {
  const { ann, bo } = await pair('lack')
  const page = await stage.visit({ as: ann, at: proxy.url, path: `/chat/u:${bo.id}`, ...PLAIN })
  await composer(page).fill('half a sentence')
  await mark(page)
  const ask = async (): Promise<void> => {
    await page.getByRole('button', { name: 'Find people or create a group' }).click()
    await page.getByRole('menuitem', { name: 'Create a group' }).click()
  }
  // The menu is there already, what it leads to is not.
  await page.getByRole('button', { name: 'Find people or create a group' }).click()
  await page.getByRole('menuitem', { name: 'Create a group' }).waitFor()
  await page.keyboard.press('Escape')
  await stage.server.kill()
  await ask()
  await page.getByText('Check your connection and try again').waitFor()
  await page.getByRole('button', { name: 'Close' }).click()
  await ask()
  await page.getByText('Check your connection and try again').waitFor()
  await stage.server.restart()
  await page.getByRole('button', { name: 'Reload' }).click()
  await expect.poll(() => isMarked(page).catch(() => true)).toBe(false)
  await expect.poll(() => composer(page).inputValue()).toBe('half a sentence')
  await ask()
  await page.getByRole('dialog').waitFor()
})
