// What the server bounds is said before it is asked.
import { Buffer } from 'node:buffer'

import { expect, test } from 'vitest'

import { setStage, type Page } from './harness'

const stage = setStage({
  HONGYAN_MESSAGES__MAX_BYTES: '1000',
  HONGYAN_MESSAGES__RECALL_SECONDS: '6',
  HONGYAN_MESSAGES__EDIT_SECONDS: '6',
  HONGYAN_MESSAGES__KEEP: '30',
  HONGYAN_LIMITS__FILE_BYTES: '5000',
  HONGYAN_LIMITS__GROUP_MEMBERS: '2',
})

const composer = (page: Page) => page.getByRole('textbox', { name: /^Message to/ })
const log = (page: Page) => page.getByRole('log')

const file = (name: string, bytes: number) => ({ name, mimeType: 'text/plain', buffer: Buffer.alloc(bytes, 'x') })

test('a text that is too long is counted, refused and kept', async () => {
  const [ann, bo] = await stage.friends('long-ann', 'long-bo')
  const page = await stage.visit({ as: ann, path: `/chat/u:${bo?.id}` })
  await composer(page).fill('x'.repeat(890))
  await page.getByRole('button', { name: 'Send', exact: true }).waitFor()
  expect(await page.getByText(/of 1,000 bytes/).count()).toBe(0)
  // Three bytes each.
  await composer(page).fill('雁'.repeat(310))
  await page.getByText('930 of 1,000 bytes').waitFor()
  await composer(page).fill('雁'.repeat(340))
  await page.getByText('1,020 of 1,000 bytes').waitFor()
  expect(await composer(page).getAttribute('aria-invalid')).toBe('true')
  await composer(page).press('Enter')
  await page.getByText('The text is 20 bytes too long').waitFor()
  expect(await composer(page).inputValue()).toHaveLength(340)
  expect(await log(page).getByRole('article').count()).toBe(0)
  await composer(page).fill(`${'雁'.repeat(333)}xx`)
  await composer(page).press('Enter')
  await page.getByText('The text is 1 byte too long').waitFor()
  await composer(page).fill('雁'.repeat(333))
  await composer(page).press('Enter')
  await log(page).getByRole('article', { name: /sent/ }).waitFor()
})

test('a file that is too large is refused at once, and the others are taken', async () => {
  const [ann, bo] = await stage.friends('large-ann', 'large-bo')
  const page = await stage.visit({ as: ann, path: `/chat/u:${bo?.id}` })
  await composer(page).waitFor()
  await page.locator('input[type=file]').setInputFiles([file('fits.txt', 5000), file('large.txt', 6000)])
  await page.getByText(/large\.txt.* is 5\.9 KB\. This server takes files of up to 4\.9 KB/).waitFor()
  expect(await page.getByRole('button', { name: /^Remove/ }).count()).toBe(1)
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await log(page).getByRole('article', { name: /fits\.txt.*sent/ }).waitFor()
})

test('a file that was chosen before the server told its bounds is refused once it has', async () => {
  const [ann, bo] = await stage.friends('early-ann', 'early-bo')
  const page = await stage.visit({ as: ann, path: '/icon.svg' })
  const held: { connectToServer: () => unknown }[] = []
  await page.routeWebSocket(/\/ws$/, (socket) => void held.push(socket))
  await page.goto(`/chat/u:${bo?.id}`)
  await page.locator('input[type=file]').setInputFiles([file('fits.txt', 5000), file('large.txt', 6000)])
  await expect.poll(() => page.getByRole('button', { name: /^Remove/ }).count()).toBe(2)
  for (const socket of held) socket.connectToServer()
  await page.getByText(/large\.txt.* is 5\.9 KB\. This server takes files of up to 4\.9 KB/).waitFor()
  expect(await page.getByRole('button', { name: /^Remove/ }).count()).toBe(1)
})

test('editing and recalling are offered for as long as the server allows', async () => {
  const [ann, bo] = await stage.friends('late-ann', 'late-bo')
  const page = await stage.visit({ as: ann, path: `/chat/u:${bo?.id}` })
  await composer(page).fill('soon too late')
  await composer(page).press('Enter')
  const message = log(page).getByRole('article', { name: /soon too late.*sent/ })
  await message.waitFor()
  await message.getByText('soon too late').last().click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Recall' }).waitFor()
  await page.getByRole('menuitem', { name: 'Edit' }).waitFor()
  // They go while one looks at the menu.
  await page.getByRole('menuitem', { name: 'Recall' }).waitFor({ state: 'detached' })
  await page.getByRole('menuitem', { name: 'Edit' }).waitFor({ state: 'detached' })
  await page.getByRole('menuitem', { name: 'Copy' }).waitFor()
})

test('nobody is invited into a full group, and nothing longer is chosen than the server keeps', async () => {
  const [ann, bo] = await stage.friends('full-ann', 'full-bo')
  if (!ann || !bo) throw new Error('nobody is there')
  const cy = await stage.server.register('full-cy')
  const group = await stage.server.group('full-grp', ann, bo)
  const page = await stage.visit({ as: ann, path: `/contacts/g/${group}` })
  await page.getByText('The group is full').waitFor()
  expect(await page.getByRole('button', { name: 'Invite' }).count()).toBe(0)
  await page.getByRole('button', { name: /Keep messages/ }).click()
  await page.getByRole('radio', { name: 'Server default: 30 days' }).waitFor()
  expect(await page.getByRole('dialog').getByRole('radio').count()).toBe(5)

  const other = await stage.visit({ as: cy, path: `/contacts/g/${group}` })
  await other.getByText('The group is full').waitFor()
  expect(await other.getByRole('button', { name: 'Join' }).count()).toBe(0)
})
