import { expect, test } from 'vitest'

import { fromWire, recalled, type Message } from '../message'
import { createWindow } from './window'

const message = (seq: number): Message =>
  fromWire({ fromUserId: 'bo', time: seq, msg: `m${seq}`, msgId: `id${seq}`, seq }, 'ann')

const windowOf = (...seqs: number[]) => {
  const window = createWindow()
  window.move(seqs.map(message), { start: false, end: false })
  return window
}

test('messages are found by their place, also where places between them are taken by changes', () => {
  const window = windowOf(2, 5, 9)
  expect(window.find(5)?.msg).toBe('m5')
  for (const none of [0, 1, 3, 8, 10]) expect(window.find(none)).toBeUndefined()
  expect(window.after(2).map(({ seq }) => seq)).toEqual([5, 9])
  expect(window.after(4).map(({ seq }) => seq)).toEqual([5, 9])
  expect(window.after(9)).toEqual([])
})

test('what is put in has its place, and takes that of what is there', () => {
  const window = windowOf(2, 5)
  for (const seq of [9, 1, 4]) window.put(message(seq))
  window.put({ ...message(4), msg: 'another' })
  expect(window.messages.map(({ seq, msg }) => [seq, msg])).toEqual([
    [1, 'm1'],
    [2, 'm2'],
    [4, 'another'],
    [5, 'm5'],
    [9, 'm9'],
  ])
})

test('a change of what is not there, or that changes nothing, is none', () => {
  const window = windowOf(2)
  expect(window.change(3, (it) => recalled(it, 1))).toBe(false)
  expect(window.change(2, (it) => it)).toBe(false)
  expect(window.change(2, (it) => recalled(it, 1))).toBe(true)
  expect(window.find(2)?.recalledTime).toBe(1)
})

test('an edge is there as long as something is beyond it', () => {
  const window = windowOf(2, 5)
  expect([window.edge('older'), window.edge('newer')]).toEqual([2, 5])
  window.extend('older', [message(1)], false)
  window.extend('newer', [], false)
  expect([window.edge('older'), window.edge('newer')]).toEqual([undefined, undefined])
  expect([window.atStart, window.atEnd]).toEqual([true, true])
  expect(createWindow().edge('older')).toBeUndefined()
})

test('a message keeps its name when the window is read anew', () => {
  const window = windowOf(2)
  window.put({ ...message(3), id: 'mine', clientMsgId: 'mine' })
  window.move([message(3), message(4)], { start: false, end: true })
  expect(window.messages.map(({ id }) => id)).toEqual(['mine', 's4'])
})
