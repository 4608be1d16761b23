// Emoji as the picker asks for them.
import { expect, it } from 'vitest'
import { emojiOf, findEmoji, plain } from './database'

const all = emojiOf([
  { emoji: '🐱️', label: 'cat face', tags: ['pet'], group: 3, order: 3, version: 0.6 },
  { emoji: '😀', label: 'grinning face', tags: ['smile', 'happy'], group: 0, order: 1, version: 1 },
  { emoji: '🙂', label: 'smiling face', tags: ['happy'], group: 0, order: 2, version: 1 },
  { emoji: '🏻', label: 'light skin tone', group: 2, order: 4, version: 1 },
  { emoji: '🇦', label: 'regional indicator A', version: 0 },
  {
    emoji: '🤝',
    label: '握手',
    tags: ['一言为定'],
    group: 1,
    order: 5,
    version: 3,
    skins: [
      { emoji: '🤝🏽', tone: 3, version: 14 },
      { emoji: '🫱🏻‍🫲🏽', tone: [1, 3], version: 14 },
    ],
  },
])
const found = (query: string): string => findEmoji(all, query).map(({ unicode }) => unicode).join('')

it('finds by name first, then by words', () => {
  expect(found('smil')).toBe('🙂😀')
  expect(found('happy')).toBe('😀🙂')
  expect(found('cat face')).toBe('🐱')
  expect(found('FACE')).toBe('😀🙂🐱')
  expect(found('🐱')).toBe('🐱')
  expect(found('')).toBe('')
  expect(found('zzz')).toBe('')
})

it('finds a single Chinese character, also within a name', () => {
  expect(found('手')).toBe('🤝')
  expect(found('一言')).toBe('🤝')
})

it('takes what can be sent, in order, with one skin of each tone', () => {
  expect(all.map(({ unicode }) => unicode)).toEqual(['😀', '🙂', '🐱', '🤝'])
  expect(all.at(-1)?.skins).toEqual([{ unicode: '🤝🏽', tone: 3, version: 14 }])
})

it('writes the same emoji always the same', () => {
  expect(plain('👍\uFE0F')).toBe('👍')
  expect(plain('❤\uFE0F')).toBe('❤\uFE0F')
  expect(plain('❤\uFE0F\u200D🔥')).toBe('❤\uFE0F\u200D🔥')
})
