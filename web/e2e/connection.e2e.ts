import { expect, test } from 'vitest'

import { setStage, type Page } from './harness'
import { squares } from './picture'

const stage = setStage()

const composer = (page: Page) => page.getByRole('textbox', { name: /^Message to/ })

const pair = async (name: string) => {
  const [ann, bo] = await stage.friends(`${name}-ann`, `${name}-bo`)
  if (!ann || !bo) throw new Error('nobody is there')
  return { ann, bo }
}

test('what is written while the server is killed goes out once, and nothing typed is lost', async () => {
  const { ann, bo } = await pair('kill')
  await stage.server.send(bo, { toUserId: ann.id }, 'before')
  const page = await stage.visit({ as: ann, path: `/chat/u:${bo.id}` })
  await page.getByRole('log').getByText('before').waitFor()
  await stage.server.kill()
  await page.getByRole('button', { name: 'Try now' }).waitFor()
  for (const text of ['first offline', 'second offline']) {
    await composer(page).fill(text)
    await page.keyboard.press('Enter')
    await page.getByRole('log').getByText(text).waitFor()
  }
  await composer(page).fill('half a sen')
  await stage.server.restart()
  await page.getByRole('button', { name: 'Try now' }).waitFor({ state: 'hidden' })
  await expect.poll(async () => {
    const { list } = await stage.server.get<{ list: { msg: string }[] }>(
      `/api/chat/history?toUserId=${ann.id}`,
      bo,
    )
    return list.map(({ msg }) => msg)
  }).toEqual(['before', 'first offline', 'second offline'])
  expect(await composer(page).inputValue()).toBe('half a sen')
  expect(await page.getByRole('log').getByText('first offline').count()).toBe(1)
})

test('what happened while the page was away is there when it is back, once and in order', async () => {
  const { ann, bo } = await pair('away')
  await stage.server.send(bo, { toUserId: ann.id }, 'one')
  const page = await stage.visit({ as: ann, path: `/chat/u:${bo.id}` })
  await page.getByRole('log').getByText('one').waitFor()
  await stage.server.kill()
  await page.getByRole('button', { name: 'Try now' }).waitFor()
  await stage.server.restart()
  await stage.server.send(bo, { toUserId: ann.id }, 'two')
  await stage.server.call('/api/chat/edit', { toUserId: ann.id, seq: 1, msg: 'one, edited' }, bo)
  await stage.server.send(bo, { toUserId: ann.id }, 'three')
  await page.getByRole('log').getByText('three').waitFor()
  await page.getByRole('log').getByText('one, edited').waitFor()
  expect(await page.getByRole('log').getByText('two').count()).toBe(1)
})

test('nobody is said to be online or offline while the server is away', async () => {
  const { ann, bo } = await pair('presence')
  await stage.visit({ as: bo, path: '/chat' })
  const page = await stage.visit({ as: ann, path: `/chat/u:${bo.id}` })
  await page.getByText('Online', { exact: true }).waitFor()
  await page.evaluate(() => navigator.serviceWorker.ready)
  await stage.server.kill()
  await page.getByText('Online', { exact: true }).waitFor({ state: 'hidden' })
  await page.reload()
  await page.getByRole('button', { name: 'Try now' }).waitFor()
  await composer(page).waitFor()
  expect(await page.getByText(/^(Online|Offline)$/).count()).toBe(0)
  await stage.server.restart()
  await page.getByText('Online', { exact: true }).waitFor()
})

test('a message that is kept nowhere is shown though it came while a list had to be asked for again', async () => {
  const { ann, bo } = await pair('nowhere')
  await stage.server.call('/api/chat/keep', { toUserId: ann.id, keep: 'none' }, bo)
  await stage.server.call('/api/chat/keep', { toUserId: bo.id, keep: 'none' }, ann)
  const page = await stage.visit({ as: ann, path: `/chat/u:${bo.id}` })
  await page.waitForLoadState('networkidle')
  await page.route('**/api/friend/get_friend_list*', (route) => route.abort(), { times: 1 })
  await Promise.all([page.waitForEvent('requestfailed'), page.reload()])
  await stage.server.send(bo, { toUserId: ann.id }, 'said once')
  await page.getByRole('log').getByText('said once').waitFor()
})

test('members that could not be loaded are told of, and come when the server is back', async () => {
  const { ann, bo } = await pair('members')
  const known = await stage.server.group('members-one', ann)
  await stage.server.group('members-two', ann, bo)
  // What a group's view is made of is here before the server is away.
  const page = await stage.visit({ as: ann, path: `/contacts/g/${known}` })
  await page.getByText('members-ann').first().waitFor()
  await stage.server.kill()
  await page.getByRole('button', { name: 'Try now' }).waitFor()
  await page.getByRole('link', { name: /members-two/ }).click()
  await page.getByRole('alert').getByRole('button', { name: 'Try again' }).waitFor()
  await stage.server.restart()
  await page.getByRole('button', { name: 'Actions for members-bo' }).waitFor()
})

test('nobody who is blocked seems not to be while the server is away', async () => {
  const { ann, bo } = await pair('block')
  const cy = await stage.server.register('block-cy')
  await stage.server.call('/api/friend/block', { userId: cy.id, block: true }, ann)
  const page = await stage.visit({ as: ann, path: `/contacts/u/${cy.id}` })
  const block = page.getByRole('switch', { name: 'Block' })
  await expect.poll(() => block.isChecked()).toBe(true)
  await page.getByRole('link', { name: /^block-bo/ }).click()
  await page.waitForURL(`**/contacts/u/${bo.id}`)
  await expect.poll(() => block.isChecked()).toBe(false)
  await stage.server.kill()
  await page.getByRole('button', { name: 'Try now' }).waitFor()
  await page.goBack()
  await page.getByText('block-cy').first().waitFor()
  expect(await block.count()).toBe(0)
  await stage.server.restart()
  await expect.poll(() => block.isChecked()).toBe(true)
})

test('a tab whose calls come to nothing shows what it hears, says what is missing, and gets it by itself', async () => {
  const { ann, bo } = await pair('calls')
  const cy = await stage.server.register('calls-cy')
  await stage.server.befriend(ann, cy)
  await stage.server.send(bo, { toUserId: ann.id }, 'said before')
  await stage.server.send(cy, { toUserId: ann.id }, 'said by cy')
  const first = await stage.visit({ as: ann, path: '/settings', serviceWorkers: 'block' })
  await first.getByRole('link', { name: /^Chats ?, 2 unread/ }).waitFor()
  // It hears what the first tab hears over its socket, and asks over HTTP, which a proxy answers for a server that it does not find.
  const page = await first.context().newPage()
  const cutOff = () => page.route('**/api/**', (route) => route.fulfill({ status: 502 }))
  await cutOff()
  await page.goto(`/chat/u:${bo.id}`)
  const log = page.getByRole('log')
  const missing = page.getByRole('alert').filter({ hasText: 'could not be loaded' })
  await missing.getByRole('button', { name: 'Try again' }).waitFor()
  await stage.server.send(bo, { toUserId: ann.id }, 'said now')
  await log.getByText('said now').waitFor()
  await page.unroute('**/api/**')
  await log.getByText('said before').waitFor()
  await missing.waitFor({ state: 'detached' })

  // The same once all was well.
  await cutOff()
  await page.getByRole('link', { name: /^calls-cy/ }).click()
  await missing.getByRole('button', { name: 'Try again' }).waitFor()
  await page.unroute('**/api/**')
  await log.getByText('said by cy').waitFor()
  await missing.waitFor({ state: 'detached' })
})

test('whether somebody is blocked is asked again where it could not be known', async () => {
  const { ann, bo } = await pair('asked')
  const cy = await stage.server.register('asked-cy')
  await stage.server.call('/api/friend/block', { userId: cy.id, block: true }, ann)
  const page = await stage.visit({ as: ann, path: `/contacts/u/${cy.id}` })
  const block = page.getByRole('switch', { name: 'Block' })
  await expect.poll(() => block.isChecked()).toBe(true)
  await page.getByRole('link', { name: /^asked-bo/ }).click()
  await page.waitForURL(`**/contacts/u/${bo.id}`)
  await expect.poll(() => block.isChecked()).toBe(false)
  await page.route('**/api/friend/block_list*', (route) => route.abort())
  await page.goBack()
  const profile = page.getByRole('region', { name: 'Profile' })
  await profile.getByRole('alert').getByText('The server cannot be reached.').waitFor()
  await page.unroute('**/api/friend/block_list*')
  await profile.getByRole('alert').getByRole('button', { name: 'Try again' }).press('Enter')
  await expect.poll(() => block.isChecked()).toBe(true)
  // The button went, and whoever pressed it goes on from here.
  expect(await profile.evaluate((view) => view === document.activeElement)).toBe(true)
})

test('whoever tries at once with the keyboard goes on from there', async () => {
  const { ann } = await pair('try')
  const page = await stage.visit({ as: ann, path: '/settings' })
  await page.getByRole('navigation', { name: 'Main' }).waitFor()
  await stage.server.kill()
  await page.getByRole('button', { name: 'Try now' }).press('Enter')
  await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('role'))).toBe('status')
  await stage.server.restart()
  await page.getByRole('button', { name: 'Try now' }).waitFor({ state: 'hidden' })
})

test('what is written offline from far up is seen at once', async () => {
  const { ann, bo } = await pair('up')
  for (let at = 1; at <= 300; at++) await stage.server.send(bo, { toUserId: ann.id }, `line ${at}`)
  await stage.server.call('/api/chat/read', { toUserId: bo.id, seq: 300 }, ann)
  const page = await stage.visit({ as: ann, path: `/chat/u:${bo.id}` })
  await page.getByRole('log').getByText(/^line 300, /).waitFor()
  await page.goto(`/chat/u:${bo.id}?at=5`)
  await page.getByRole('log').getByText(/^line 5, /).waitFor()
  await stage.server.kill()
  await page.getByRole('button', { name: 'Try now' }).waitFor()
  await composer(page).fill('an answer to the fifth')
  await composer(page).press('Enter')
  await page.getByRole('log').getByText('an answer to the fifth').waitFor()
  await stage.server.restart()
  await page.getByRole('log').getByRole('article', { name: /an answer to the fifth.*(sent|read)/ }).waitFor()
})

test('the network is back: the page connects at once, whatever it meant to wait', async () => {
  const { ann } = await pair('network')
  const page = await stage.visit({ as: ann, path: '/settings' })
  await page.clock.install()
  await page.reload()
  await page.getByRole('navigation', { name: 'Main' }).waitFor()
  const tryNow = page.getByRole('button', { name: 'Try now' })
  // From here on no time passes in the page.
  await page.clock.pauseAt(Date.now() + 1_000)
  await page.context().setOffline(true)
  await stage.server.kill()
  await tryNow.waitFor()
  await stage.server.restart()
  await page.context().setOffline(false)
  await tryNow.waitFor({ state: 'hidden' })
})

test('a reload without a server shows what the browser kept', async () => {
  const { ann, bo } = await pair('offline')
  await stage.server.send(bo, { toUserId: ann.id }, 'kept in the browser')
  const page = await stage.visit({ as: ann, path: `/chat/u:${bo.id}` })
  await page.getByRole('log').getByText('kept in the browser').waitFor()
  // The page's own files are the service worker's; it has them once it is ready.
  await page.evaluate(() => navigator.serviceWorker.ready)
  await expect
    .poll(() => page.evaluate(async () => (await caches.keys()).length))
    .toBeGreaterThan(0)
  await expect
    .poll(() =>
      page.evaluate(
        () =>
          new Promise<number>((done) => {
            const request = indexedDB.open('hongyan')
            request.addEventListener('success', () => {
              const kept = request.result.transaction(['timelines', 'lists'])
              const timelines = kept.objectStore('timelines').count()
              const list = kept.objectStore('lists').get('conversations')
              kept.addEventListener('complete', () => {
                done(Math.min(timelines.result, (list.result as unknown[] | undefined)?.length ?? 0))
              })
            })
          }),
      ),
    )
    .toBe(1)
  await stage.server.kill()
  await page.reload()
  await page.getByRole('log').getByText('kept in the browser').waitFor()
  await composer(page).fill('written offline')
  await page.keyboard.press('Enter')
  await stage.server.restart()
  await expect
    .poll(async () => {
      const { list } = await stage.server.get<{ list: { msg: string }[] }>(
        `/api/chat/history?toUserId=${ann.id}`,
        bo,
      )
      return list.map(({ msg }) => msg)
    })
    .toEqual(['kept in the browser', 'written offline'])
})

test('pictures that do not come while the server is away come when it is back', async () => {
  const { ann, bo } = await pair('shown')
  const page = await stage.visit({ as: bo, path: `/chat/u:${ann.id}` })
  await composer(page).waitFor()
  await page.locator('input[type=file]').setInputFiles(await squares(page, 20))
  await composer(page).press('Enter')
  await page.getByRole('log').getByRole('article', { name: /\[Picture\].*sent/ }).waitFor()
  const form = new FormData()
  const face = await squares(page, 60)
  form.append('headImage', new Blob([new Uint8Array(face.buffer)], { type: face.mimeType }), face.name)
  await fetch(`${stage.server.url}/api/user/update_uinfo`, { method: 'POST', headers: { authorization: `Bearer ${bo.token}` }, body: form })

  const other = await stage.visit({ as: ann, path: '/settings' })
  const pictures = /\/thumb$|\/img\//
  await other.route(pictures, (route) => route.abort())
  await other.goto(`/chat/u:${bo.id}`)
  const log = other.getByRole('log')
  const said = log.getByRole('article', { name: /\[Picture\]/ })
  // Not named as what can be opened: what is shown is heard, too.
  await said.getByRole('button', { name: 'This picture is no longer available' }).waitFor()
  // Who has no picture that can be shown has initials.
  await said.getByText('S', { exact: true }).waitFor()
  await stage.server.kill()
  await said.getByText('Will be shown when the server is back').waitFor()
  await other.unroute(pictures)
  await stage.server.restart()
  await said.getByRole('img', { name: '[Picture]' }).waitFor()
  await said.getByText('S', { exact: true }).waitFor({ state: 'detached' })
  const drawn = () => said.locator('img').evaluateAll((images) => images.map((image) => (image as HTMLImageElement).naturalWidth > 0))
  await expect.poll(drawn).toEqual([true, true])
})

test('a search in a conversation keeps what it found when the next page does not come, and goes on when it is asked again', async () => {
  const { ann, bo } = await pair('more')
  for (let n = 1; n <= 60; n++) await stage.server.send(bo, { toUserId: ann.id }, `apple ${n}`)
  const page = await stage.visit({ as: ann, path: `/chat/u:${bo.id}` })
  await page.getByRole('button', { name: 'Search in this conversation' }).click()
  const search = page.getByRole('search')
  await search.getByRole('searchbox').fill('apple')
  const more = search.getByRole('button', { name: 'More results' })
  await more.waitFor()
  const found = search.getByRole('listitem')
  const first = await found.count()
  expect(first).toBeLessThan(60)
  await stage.server.kill()
  await page.getByRole('button', { name: 'Try now' }).waitFor()
  await more.click()
  await search.getByRole('alert').waitFor()
  expect(await found.count()).toBe(first)
  await stage.server.restart()
  await page.getByRole('button', { name: 'Try now' }).waitFor({ state: 'hidden' })
  await search.getByRole('button', { name: 'Try again' }).click()
  await found.nth(first).waitFor()
  // Signs alone are no words: there is nothing to be found, and nothing is wrong.
  await search.getByRole('searchbox').fill('？')
  await search.getByText('No messages found.').waitFor()
  expect(await search.getByRole('alert').count()).toBe(0)
})

/** The row in the middle of the screen, and where it stands, once nothing moves any more. */
const resting = async (page: Page): Promise<{ id: string; y: number }> => {
  const middle = (): Promise<{ id: string; y: number }> =>
    page.getByRole('log').evaluate(async (log) => {
      for (let pictures = 0; pictures < 10; pictures++) await new Promise((next) => requestAnimationFrame(next))
      const rows = [...log.querySelectorAll<HTMLElement>('[data-id]')]
      const row = rows.find((row) => row.getBoundingClientRect().bottom > innerHeight / 2)
      return { id: row?.dataset['id'] ?? '', y: row?.getBoundingClientRect().y ?? 0 }
    })
  let [before, now] = [await middle(), await middle()]
  while (now.id !== before.id || now.y !== before.y) [before, now] = [now, await middle()]
  return now
}

test('whoever reads above while the server is killed keeps the place, and reads on when it is back', async () => {
  const { ann, bo } = await pair('scroll')
  for (let n = 1; n <= 300; n++) await stage.server.send(bo, { toUserId: ann.id }, `line ${n}.`)
  await stage.server.call('/api/chat/read', { toUserId: bo.id, seq: 300 }, ann)
  const page = await stage.visit({ as: ann, path: `/chat/u:${bo.id}` })
  const log = page.getByRole('log')
  const line = (n: number) => log.getByText(new RegExp(`^line ${n}\\.`))
  await line(300).waitFor()
  await log.hover()
  await stage.server.kill()
  await page.getByRole('button', { name: 'Try now' }).waitFor()
  // Up to the end of what the page has, which is not the first line.
  let [before, place] = ['', (await resting(page)).id]
  while (place !== before) {
    await page.mouse.wheel(0, -2_000)
    ;[before, place] = [place, (await resting(page)).id]
  }
  expect(await line(1).count()).toBe(0)
  // Not at the very edge: there is nothing above it to take the place that the banner leaves.
  await page.mouse.wheel(0, 300)
  const { id, y } = await resting(page)
  await stage.server.restart()
  await page.getByRole('button', { name: 'Try now' }).waitFor({ state: 'hidden' })
  await stage.server.send(bo, { toUserId: ann.id }, 'line 301.')
  await page.getByRole('button', { name: '1 new message' }).waitFor()
  expect(await resting(page)).toEqual({ id, y })
  await expect
    .poll(async () => {
      await page.mouse.wheel(0, -2_000)
      return line(1).count()
    })
    .toBe(1)
})
