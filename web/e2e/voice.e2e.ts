// Voices are recorded, sent and played; and what stands in the way is said.
import { Buffer } from 'node:buffer'

import { expect, test } from 'vitest'

import { setStage, type Account, type Page } from './harness'

// A microphone that beeps; and a name of this machine that is no safe place, as one in a home network is none.
const stage = setStage({}, ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', '--host-resolver-rules=MAP hongyan.lan 127.0.0.1'])

const log = (page: Page) => page.getByRole('log')
const begin = (page: Page) => page.getByRole('button', { name: 'Record a voice message' })
const send = (page: Page) => page.getByRole('button', { name: 'Send the voice message' })
const clock = (page: Page, text: string) => page.getByRole('timer').filter({ hasText: text })
const writes = (page: Page) => page.getByRole('textbox', { name: /^Message to/ })

/** Whether a microphone of this page is open. */
const listen = async (page: Page): Promise<void> => {
  await page.addInitScript(() => {
    const tracks: MediaStreamTrack[] = []
    Object.assign(window, { tracks })
    const get = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices)
    if (get) {
      navigator.mediaDevices.getUserMedia = async (wanted) => {
        const stream = await get(wanted)
        tracks.push(...stream.getTracks())
        return stream
      }
    }
  })
}
const open = (page: Page): Promise<string[]> => page.evaluate(() => (window as unknown as { tracks: MediaStreamTrack[] }).tracks.map(({ readyState }) => readyState))

const pair = async (name: string) => {
  const [ann, bo] = await stage.friends(`${name}-ann`, `${name}-bo`)
  if (!ann || !bo) throw new Error('nobody is there')
  return { ann, bo }
}

/** Nothing to be heard for half a minute, at 8,000 bytes a second. */
const silence = (): Blob => {
  const sound = Buffer.alloc(30 * 8_000, 128)
  const head = Buffer.from('RIFF....WAVEfmt ....................data....')
  head.writeUInt32LE(36 + sound.length, 4)
  head.writeUInt32LE(16, 16)
  // Numbers as they are, one channel; bytes a second and a sample; bits of a sample.
  head.writeUInt16LE(1, 20)
  head.writeUInt16LE(1, 22)
  head.writeUInt32LE(8_000, 24)
  head.writeUInt32LE(8_000, 28)
  head.writeUInt16LE(1, 32)
  head.writeUInt16LE(8, 34)
  head.writeUInt32LE(sound.length, 40)
  return new Blob([head, sound], { type: 'audio/wav' })
}

/** Sends a voice; gives its file. */
const speak = async (from: Account, to: Account): Promise<string> => {
  const form = new FormData()
  form.append('file', silence(), 'voice.wav')
  const answer = await fetch(`${stage.server.url}/api/file`, { method: 'POST', headers: { authorization: `Bearer ${from.token}` }, body: form })
  const { data } = (await answer.json()) as { data: { fileId: string } }
  await stage.server.call('/api/chat/send_msg', { toUserId: to.id, msg: '[voice]', kind: 'voice', body: { fileId: data.fileId, seconds: 30 } }, from)
  return data.fileId
}

test('one press records, another sends; the other hears it, as long as it was', async () => {
  const { ann, bo } = await pair('voice')
  const page = await stage.visit({ as: ann, path: `/chat/u:${bo.id}` })
  await listen(page)
  await page.reload()
  await begin(page).click()
  await clock(page, '0:02').waitFor()
  expect(await open(page)).toEqual(['live'])
  await send(page).click()
  await log(page).getByRole('article', { name: /\[Voice message\] [23] s.*sent/ }).waitFor()
  expect(await open(page)).toEqual(['ended'])
  expect(await writes(page).evaluate((element) => element === document.activeElement)).toBe(true)

  const history = await stage.server.call<{ list: { kind: string; body: { fileId: string; seconds: number } }[] }>('/api/chat/history', { toUserId: ann.id }, bo)
  expect(history.list[0]).toMatchObject({ kind: 'voice', body: { seconds: expect.any(Number) } })
  const sound = await fetch(`${stage.server.url}/api/file/${history.list[0]?.body.fileId}`, { headers: { authorization: `Bearer ${bo.token}` } })
  expect(sound.headers.get('content-type')).toBe('audio/webm')

  const other = await stage.visit({ as: bo, path: `/chat/u:${ann.id}` })
  await other.getByRole('button', { name: /Play the voice message/ }).click()
  await other.getByRole('button', { name: 'Pause' }).waitFor()
  // It plays to its end.
  await other.getByRole('button', { name: /Play the voice message/ }).waitFor()
})

test('a voice plays from its own conversation, whatever was played in another', async () => {
  const [ann, bo, cy] = await stage.friends('vtwo-ann', 'vtwo-bo', 'vtwo-cy')
  if (!ann || !bo || !cy) throw new Error('nobody is there')
  // Each is the first message of its conversation.
  await speak(bo, ann)
  const other = await speak(cy, ann)
  const page = await stage.visit({ as: ann, path: `/chat/u:${bo.id}` })
  const play = page.getByRole('button', { name: /Play the voice message/ })
  const pause = page.getByRole('button', { name: 'Pause' })
  await play.click()
  await pause.waitFor()
  await page.getByRole('link', { name: /vtwo-cy/ }).click()
  await page.waitForURL(`**/chat/u:${cy.id}`)
  await play.waitFor()
  expect(await pause.count()).toBe(0)
  await Promise.all([page.waitForRequest(`**/api/file/${other}`), play.click()])
  await pause.waitFor()
})

test('a voice is silent once nobody is logged in', async () => {
  const { ann, bo } = await pair('vout')
  await speak(bo, ann)
  const page = await stage.visit({ as: ann, path: `/chat/u:${bo.id}` })
  await page.addInitScript(() => {
    const Made = window.Audio
    const sounds: HTMLAudioElement[] = []
    const Kept = function (): HTMLAudioElement {
      const sound = new Made()
      sounds.push(sound)
      return sound
    }
    Object.assign(window, { sounds, Audio: Kept })
  })
  await page.reload()
  const silent = (): Promise<boolean[]> => page.evaluate(() => (window as unknown as { sounds: HTMLAudioElement[] }).sounds.map(({ paused }) => paused))
  await page.getByRole('button', { name: /Play the voice message/ }).click()
  await page.getByRole('button', { name: 'Pause' }).waitFor()
  await page.getByRole('link', { name: /Settings/ }).click()
  await page.getByRole('button', { name: 'Log out' }).click()
  expect(await silent()).toEqual([false])
  await page.getByRole('dialog').getByRole('button', { name: 'Log out' }).click()
  await page.getByRole('button', { name: 'Log in' }).waitFor()
  expect(await silent()).toEqual([true])
})

test('the keyboard records, discards and sends; nothing of what is discarded is sent', async () => {
  const { ann, bo } = await pair('vkeys')
  const page = await stage.visit({ as: ann, path: `/chat/u:${bo.id}` })
  await listen(page)
  await page.reload()
  await begin(page).focus()
  await page.keyboard.press('Enter')
  await clock(page, '0:01').waitFor()
  await page.keyboard.press('Escape')
  await writes(page).waitFor()
  expect(await open(page)).toEqual(['ended'])
  await begin(page).focus()
  await page.keyboard.press('Enter')
  await clock(page, '0:01').waitFor()
  await page.keyboard.press('Enter')
  await log(page).getByRole('article', { name: /\[Voice message\].*sent/ }).waitFor()
  expect(await log(page).getByRole('article').count()).toBe(1)
})

test('who leaves the conversation, or is logged in elsewhere, is not recorded on', async () => {
  const { ann, bo } = await pair('vleave')
  await stage.server.send(bo, { toUserId: ann.id }, 'hello')
  const page = await stage.visit({ as: ann, path: `/chat/u:${bo.id}` })
  await listen(page)
  await page.reload()
  await begin(page).click()
  await clock(page, '0:01').waitFor()
  await page.getByRole('link', { name: /Settings/ }).click()
  await expect.poll(() => open(page)).toEqual(['ended'])
  await page.goBack()
  await begin(page).click()
  await clock(page, '0:01').waitFor()
  await stage.server.call('/api/login', { username: ann.username, password: ann.password })
  await page.getByText('Logged out by another device').waitFor()
  await expect.poll(async () => (await open(page)).at(-1)).toBe('ended')
})

test('a minute is the most: it stops by itself, and waits to be sent', async () => {
  const { ann, bo } = await pair('vlong')
  const page = await stage.visit({ as: ann, path: `/chat/u:${bo.id}` })
  await listen(page)
  await page.clock.install()
  await page.reload()
  await begin(page).click()
  await page.clock.runFor(2_000)
  await clock(page, '0:0').waitFor()
  await page.clock.runFor(60_000)
  await page.getByText('Recordings can be up to one minute.').waitFor()
  await clock(page, '1:00').waitFor()
  expect(await open(page)).toEqual(['ended'])
  await send(page).click()
  await log(page).getByRole('article', { name: /\[Voice message\] 60 s/ }).waitFor()
})

test('what stands in the way is said', async () => {
  const { ann, bo } = await pair('vno')
  const path = `/chat/u:${bo.id}`
  const insecure = stage.server.url.replace('127.0.0.1', 'hongyan.lan')
  const page = await stage.visit({ as: ann, path, at: insecure })
  await begin(page).click()
  await page.getByText('The microphone needs a secure connection.').waitFor()
  await writes(page).waitFor()

  await page.close()
  const other = await stage.visit({ as: ann, path })
  for (const [name, words] of [
    ['NotAllowedError', 'The microphone is not allowed.'],
    ['NotFoundError', 'No microphone was found.'],
    ['NotReadableError', 'in use by another program'],
  ] as const) {
    await other.evaluate((name) => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', name))
    }, name)
    await begin(other).click()
    await other.getByText(words).waitFor()
    await writes(other).waitFor()
  }
})
