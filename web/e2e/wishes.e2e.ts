// Pictures and files in their order and as they are, who somebody is, and the way through many contacts.
import { Buffer } from 'node:buffer'

import { expect, test } from 'vitest'

import { setStage, type Page } from './harness'

const stage = setStage({ HONGYAN_LIMITS__PICTURE_PIXELS: '4000' })

const composer = (page: Page) => page.getByRole('textbox', { name: /^Message to/ })
const log = (page: Page) => page.getByRole('log')

/** Pictures that the browser draws, each of another width, as files of these names. */
const draw = (page: Page, widths: number[], type = 'image/png'): Promise<string[]> =>
  page.evaluate(
    async ([widths, type]) =>
      Promise.all(
        widths.map(async (width) => {
          const canvas = document.createElement('canvas')
          Object.assign(canvas, { width, height: 40 })
          canvas.getContext('2d')?.fillRect(0, 0, width / 2, 20)
          const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, type))
          const bytes = new Uint8Array((await blob?.arrayBuffer()) ?? new ArrayBuffer())
          return btoa(String.fromCharCode(...bytes))
        }),
      ),
    [widths, type] as const,
  )

interface Said {
  list: { msg: string; kind?: string; body?: { fileId: string; width?: number; name?: string; size?: number } }[]
}

test('several pictures go with one press, in their order, the words with the last', async () => {
  const [ann, bo] = await stage.friends('many-ann', 'many-bo')
  if (!ann || !bo) throw new Error('nobody is there')
  const page = await stage.visit({ as: ann, path: `/chat/u:${bo.id}` })
  await composer(page).waitFor()
  const drawn = await draw(page, [30, 40, 50])
  // Pasted, all at once.
  await composer(page).evaluate((field, drawn) => {
    const data = new DataTransfer()
    for (const [index, base64] of drawn.entries()) {
      const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0))
      data.items.add(new File([bytes], `p${index}.png`, { type: 'image/png' }))
    }
    field.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
  }, drawn)
  await page.getByRole('button', { name: 'Remove p2.png' }).waitFor()
  const more = await draw(page, [60])
  await page.locator('input[type=file]').setInputFiles({ name: 'p3.png', mimeType: 'image/png', buffer: Buffer.from(more[0] ?? '', 'base64') })
  await composer(page).fill('four of them')
  await composer(page).press('Enter')
  await log(page).getByRole('article', { name: /four of them.*sent/ }).waitFor()
  const { list } = await stage.server.call<Said>('/api/chat/history', { toUserId: ann.id }, bo)
  expect(list.map(({ kind, msg, body }) => [kind, msg, body?.width])).toEqual([
    ['image', '[image]', 30],
    ['image', '[image]', 40],
    ['image', '[image]', 50],
    ['image', 'four of them', 60],
  ])
})

test('a folder that is dropped is not taken, and says what is; what is beside it is taken', async () => {
  const [ann, bo] = await stage.friends('folder-ann', 'folder-bo')
  if (!ann || !bo) throw new Error('nobody is there')
  const page = await stage.visit({ as: ann, path: `/chat/u:${bo.id}` })
  /** Drops what the browser would give for a folder, and these files; gives whether the browser would open them. */
  const drop = (...names: string[]): Promise<boolean> =>
    composer(page).evaluate((field, names) => {
      const data = new DataTransfer()
      for (const name of ['holiday', ...names]) data.items.add(new File(['x'], name))
      DataTransferItem.prototype.webkitGetAsEntry = function () {
        return { isDirectory: this.getAsFile()?.name === 'holiday' } as FileSystemEntry
      }
      return field.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }))
    }, names)
  await composer(page).waitFor()
  expect(await drop()).toBe(false)
  const words = page.getByText('A folder cannot be sent. Choose the files in it.')
  await words.waitFor()
  expect(await page.getByRole('button', { name: /^Remove/ }).count()).toBe(0)
  expect(await drop('plan.txt')).toBe(false)
  await page.getByRole('button', { name: 'Remove plan.txt' }).waitFor()
  expect(await page.getByRole('button', { name: /^Remove/ }).count()).toBe(1)
})

test('a picture that is sent as a file arrives with every byte, and one with too many pixels goes so by itself', async () => {
  const [ann, bo] = await stage.friends('orig-ann', 'orig-bo')
  if (!ann || !bo) throw new Error('nobody is there')
  const page = await stage.visit({ as: ann, path: `/chat/u:${bo.id}` })
  await composer(page).waitFor()
  const [small, large] = await draw(page, [50, 200])
  // What a camera writes behind the picture, and the server otherwise takes away.
  const original = Buffer.concat([Buffer.from(small ?? '', 'base64'), Buffer.from('31.2304N-121.4737E')])
  await page.locator('input[type=file]').setInputFiles([
    { name: 'camera.png', mimeType: 'image/png', buffer: original },
    { name: 'huge.png', mimeType: 'image/png', buffer: Buffer.from(large ?? '', 'base64') },
  ])
  await page.getByText(/huge\.png.* has more pixels than this server shows/).waitFor()
  await page.getByRole('checkbox', { name: /Send it as a file/ }).check()
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await log(page).getByRole('article', { name: /huge\.png.*sent/ }).waitFor()
  const { list } = await stage.server.call<Said>('/api/chat/history', { toUserId: ann.id }, bo)
  expect(list.map(({ kind, body }) => [kind, body?.name])).toEqual([
    ['file', 'camera.png'],
    ['file', 'huge.png'],
  ])
  const answer = await fetch(`${stage.server.url}/api/file/${list[0]?.body?.fileId}`, { headers: { authorization: `Bearer ${bo.token}` } })
  expect(Buffer.from(await answer.arrayBuffer()).equals(original)).toBe(true)
  expect(answer.headers.get('content-type')).toBe('application/octet-stream')
})

test('a face in a group says who that is, and leads to them', async () => {
  const [ann, bo] = await stage.friends('face-ann', 'face-bo')
  if (!ann || !bo) throw new Error('nobody is there')
  // With the sign that would end the part of a sentence that is the name's.
  const cy = await stage.server.register('face-cy', 'Cy\u2069an')
  const group = await stage.server.group('face-grp', ann, bo, cy)
  await stage.server.send(cy, { toGroupId: group }, 'hello from a stranger')
  await stage.server.send(bo, { toGroupId: group }, 'hello from a friend')
  const page = await stage.visit({ as: ann, path: `/chat/g:${group}` })
  await log(page).getByRole('button', { name: /About.*Cyan/ }).click()
  const card = page.getByRole('dialog', { name: /About.*Cyan/ })
  await card.getByRole('button', { name: 'Add friend' }).waitFor()
  await card.getByText('face-cy').waitFor()
  await page.keyboard.press('Escape')
  await card.waitFor({ state: 'detached' })
  // With the keyboard it is in the message's menu.
  await log(page).getByText('hello from a friend').click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'View profile' }).click()
  await page.getByRole('dialog', { name: /About.*face-bo/ }).getByRole('link', { name: 'Send a message' }).click()
  await page.waitForURL(`**/chat/u:${bo.id}`)
  await page.getByRole('dialog').waitFor({ state: 'detached' })
})

test('letters lead through many contacts, by the pinyin of Chinese names', async () => {
  const ann = await stage.server.register('abc-ann')
  const names = [...'阿白陈丁方高何江柯李马倪欧潘钱任孙唐王小杨张'].map((name) => `${name}一`)
  for (const [index, name] of [...names, 'Bob', '9527'].entries()) {
    await stage.server.befriend(ann, await stage.server.register(`abc-${index}`, name))
  }
  const page = await stage.visit({ as: ann, path: '/contacts', viewport: { width: 1280, height: 560 } })
  const letters = page.getByRole('navigation', { name: 'Jump to a letter' })
  await letters.waitFor()
  expect(await letters.getByRole('button').allTextContents()).toEqual([...'ABCDFGHJKLMNOPQRSTWXYZ#'])
  const row = (name: string) => page.getByRole('list', { name: 'Contacts' }).getByRole('link', { name })
  await row('阿一').waitFor()
  expect(await row('王一').count()).toBe(0)
  await letters.getByRole('button', { name: 'W', exact: true }).click()
  await row('王一').waitFor()
  await expect.poll(() => row('阿一').count()).toBe(0)
  // One stop of the tab key, and arrows.
  await page.keyboard.press('Home')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await row('白一').waitFor()
  await row('Bob').waitFor()
  await page.getByRole('searchbox', { name: 'Filter contacts' }).fill('王')
  await letters.waitFor({ state: 'detached' })
})
