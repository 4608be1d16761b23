import { afterEach, expect, test, vi } from 'vitest'

import { Refusal, Unreachable, type Uploaded } from '../client'
import type { Conversations } from './conversation'
import { buildConversations, createScene, type Scene } from './testing'

const KEY = 'u:bo'

/** As a file that was replaced or removed after it was chosen, or a folder: the browser cannot read it any more. */
const gone = (): Blob => {
  const file = new Blob(['x'])
  file.slice = () => Object.assign(new Blob(), { arrayBuffer: () => Promise.reject(new DOMException('', 'NotReadableError')) })
  return file
}

/** Gives what uploads do in turn; the last one for all that follow. */
const uploads = ({ context }: Scene, ...answers: (Uploaded | Error)[]) => {
  const upload = vi.fn(() => {
    const answer = answers.length > 1 ? answers.shift() : answers[0]
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
  })
  Object.assign(context.link.client.http, { upload })
  return upload
}
const uploaded = (fileId: string): Uploaded => ({ fileId, name: 'x', size: 1, mime: 'text/plain', thumb: false }) as unknown as Uploaded
const states = (conversations: Conversations): string[] => conversations.timeline(KEY).messages.map(({ msg, state }) => `${msg} ${state}`)
const sent = ({ server }: Scene) => server.calls.filter(({ path }) => path === '/ws/chat/send_msg').map(({ data }) => data)

afterEach(() => vi.useRealTimers())

test('a file that cannot be read fails, and what was written after it goes out', async () => {
  const scene = createScene()
  const upload = uploads(scene, new Unreachable('the upload broke off'))
  await scene.connect()
  const timeline = scene.conversations.timeline(KEY)
  await expect.poll(() => timeline.loading).toBe('none')
  timeline.send({ msg: 'report', file: gone(), fileName: 'report.docx' })
  timeline.send({ msg: 'see the report' })
  await expect.poll(() => states(scene.conversations)).toEqual(['see the report sent', 'report failed'])
  expect(timeline.messages.at(-1)?.error).toBe('file')
  expect(upload).not.toHaveBeenCalled()
})

test.each(['its file is read', 'what its upload gave is kept'])('a file message that is discarded while %s is not sent', async (moment) => {
  const scene = createScene()
  const { context, conversations, connect } = scene
  const reading = moment === 'its file is read'
  const upload = uploads(scene, uploaded('one'))
  let letGo: (() => void) | undefined
  const hold = (): Promise<void> => new Promise((resolve) => (letGo = resolve))
  const file = new Blob(['x'])
  if (reading) file.slice = () => Object.assign(new Blob(), { arrayBuffer: () => hold().then(() => new ArrayBuffer(1)) })
  const { keepUnsent } = context.cache
  context.cache.keepUnsent = (unsent) => (!reading && unsent.uploaded ? hold() : keepUnsent(unsent))
  await connect()
  const timeline = conversations.timeline(KEY)
  await expect.poll(() => timeline.loading).toBe('none')
  timeline.send({ msg: 'secret', file, fileName: 'x' })
  await expect.poll(() => letGo).toBeDefined()
  timeline.discard(timeline.messages.at(-1)?.id ?? '')
  timeline.send({ msg: 'next' })
  letGo?.()
  await expect.poll(() => states(conversations)).toEqual(['next sent'])
  expect(sent(scene).map(({ msg }) => msg)).toEqual(['next'])
  expect(upload).toHaveBeenCalledTimes(reading ? 0 : 1)
})

test('an upload that breaks off is tried again, later each time', async () => {
  vi.useFakeTimers()
  const scene = createScene()
  const upload = uploads(scene, new Unreachable())
  await scene.connect()
  scene.conversations.timeline(KEY).send({ msg: 'report', file: new Blob(['x']), fileName: 'report.docx' })
  await vi.advanceTimersByTimeAsync(7_500)
  expect(upload).toHaveBeenCalledTimes(4)
  await vi.advanceTimersByTimeAsync(16_000)
  expect(upload).toHaveBeenCalledTimes(6)
})

test('a file message whose answer was lost is the same message after a reload', async () => {
  const scene = createScene()
  const { server, context, conversations, connect } = scene
  const upload = uploads(scene, uploaded('one'), uploaded('another'))
  await connect()
  server.after = (path) => (path === '/ws/chat/send_msg' ? new Promise(() => undefined) : Promise.resolve())
  conversations.timeline(KEY).send({ msg: 'report', file: new Blob(['x']), fileName: 'report.docx' })
  await expect.poll(() => sent(scene)).toHaveLength(1)
  server.after = () => Promise.resolve()
  const again = buildConversations(context)
  again.restore(await context.cache.kept())
  await expect.poll(() => context.cache.unsent()).toEqual([])
  expect(upload).toHaveBeenCalledOnce()
  expect(sent(scene)[1]).toEqual(sent(scene)[0])
})

test('a file that the server let go of is uploaded again when it is sent again', async () => {
  const scene = createScene()
  const { server, conversations, connect } = scene
  const upload = uploads(scene, uploaded('one'), uploaded('another'))
  await connect()
  server.failures.set('/ws/chat/send_msg', [new Refusal('0301')])
  const timeline = conversations.timeline(KEY)
  timeline.send({ msg: 'report', file: new Blob(['x']), fileName: 'report.docx' })
  await expect.poll(() => states(conversations)).toEqual(['report failed'])
  timeline.retry(timeline.messages[0]?.id ?? '')
  await expect.poll(() => states(conversations)).toEqual(['report sent'])
  expect(upload).toHaveBeenCalledTimes(2)
})

test('what a tab that was closed left unsent is sent by another, and shown there', async () => {
  const { server, context, conversations, connect } = createScene()
  await connect()
  const timeline = conversations.timeline(KEY)
  await expect.poll(() => timeline.loading).toBe('none')
  const left = { key: KEY, time: 1, error: undefined }
  await context.cache.keepUnsent({ ...left, clientMsgId: 'a', tab: 'closed', message: { msg: 'written offline' } })
  await context.cache.keepUnsent({ ...left, clientMsgId: 'b', tab: 'alive', message: { msg: 'by another' } })
  context.link.tabs = () => Promise.resolve(new Set(['alive']))
  await conversations.adopt()
  await expect.poll(() => states(conversations)).toEqual(['written offline sent'])
  // Again it is nobody's.
  await conversations.adopt()
  expect(server.log.map(({ msg }) => msg)).toEqual(['written offline'])
})

test('what is on its way already is not taken over a second time', async () => {
  const { server, context, conversations, connect } = createScene()
  await connect()
  context.state.state = 'waiting'
  conversations.timeline(KEY).send({ msg: 'mine' })
  await expect.poll(() => context.cache.unsent()).toHaveLength(1)
  await conversations.adopt()
  context.state.state = 'open'
  await connect()
  await expect.poll(() => server.log.map(({ msg }) => msg)).toEqual(['mine'])
  expect(server.calls.filter(({ path }) => path === '/ws/chat/send_msg')).toHaveLength(1)
})

/** Two messages that a closed tab left; the first is taken over, and being recorded as this tab's, until `letGo` is called. */
const takeOver = async ({ context, conversations }: Scene): Promise<{ letGo: () => void; adopted: Promise<void> }> => {
  const left = { key: 'u:cy', error: undefined, tab: 'closed' }
  await context.cache.keepUnsent({ ...left, clientMsgId: 'a', time: 1, message: { msg: 'first' } })
  await context.cache.keepUnsent({ ...left, clientMsgId: 'b', time: 2, message: { msg: 'second' } })
  const { keepUnsent } = context.cache
  let letGo: (() => void) | undefined
  context.cache.keepUnsent = async (unsent) => {
    if (unsent.clientMsgId === 'a') await new Promise<void>((resolve) => (letGo = resolve))
    await keepUnsent(unsent)
  }
  const adopted = conversations.adopt()
  await expect.poll(() => letGo).toBeDefined()
  return { letGo: () => letGo?.(), adopted }
}

test('what is discarded while that of a closed tab is taken over does not come back', async () => {
  const scene = createScene()
  const { context, conversations, connect } = scene
  await connect()
  const timeline = conversations.timeline(KEY)
  await expect.poll(() => timeline.loading).toBe('none')
  context.state.state = 'waiting'
  timeline.send({ msg: 'mine' })
  await expect.poll(() => context.cache.unsent()).toHaveLength(1)
  const { letGo, adopted } = await takeOver(scene)
  timeline.discard(timeline.messages.at(-1)?.id ?? '')
  letGo()
  await adopted
  expect(states(conversations)).toEqual([])
})

test('who logs out while that of a closed tab is taken over leaves nothing of it to the next one', async () => {
  const scene = createScene()
  const { server, context, conversations, connect } = scene
  await connect()
  context.state.state = 'waiting'
  const { letGo, adopted } = await takeOver(scene)
  conversations.clear()
  letGo()
  await adopted
  context.state.state = 'open'
  await connect()
  conversations.timeline('u:cy').send({ msg: 'of the next one' })
  await expect.poll(() => server.log.map(({ msg }) => msg)).toEqual(['of the next one'])
})
