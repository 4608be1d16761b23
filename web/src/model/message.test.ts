import { expect, test } from 'vitest'

import { changed, fromWire, reacted } from './message'
import { isBlank } from './people'

const hello = fromWire({ fromUserId: 'bo', time: 1, msg: 'hello', msgId: 'm1', seq: 1 }, 'ann')

test('a reaction counts once, however often it is told', () => {
  const once = reacted(hello, '👍', 'cy', true, 'ann')
  expect(reacted(once, '👍', 'cy', true, 'ann')).toBe(once)
  const both = reacted(once, '👍', 'ann', true, 'ann')
  expect(both.reactions).toEqual([{ emoji: '👍', count: 2, mine: true, userIds: ['cy', 'ann'] }])
  const none = reacted(reacted(both, '👍', 'cy', false, 'ann'), '👍', 'ann', false, 'ann')
  expect(none.reactions).toEqual([])
})

test('what is recalled keeps its place and nothing else', () => {
  const gone = changed(
    { ...hello, body: { fileId: 'f' }, kind: 'image' },
    {
      eventType: 'chat_recall',
      fromUserId: 'bo',
      toUserId: 'ann',
      time: 9,
      data: { seq: 2, targetSeq: 1, msgId: 'm1' },
    },
    'ann',
  )
  expect(gone).toMatchObject({ id: hello.id, seq: 1, msg: '', kind: 'text', recalledTime: 9 })
  expect(gone.body).toBeUndefined()
})

test('names that show nothing are known as such', () => {
  for (const blank of ['', '   ', '\u200b\u200d', '\u202e', '\u3000\u2060']) expect(isBlank(blank)).toBe(true)
  for (const name of ['a', ' 鸿 ', '👍']) expect(isBlank(name)).toBe(false)
})
