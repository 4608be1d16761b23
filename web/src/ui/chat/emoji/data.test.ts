// Looking for emoji.
import { expect, it } from 'vitest'
import { findEmoji, type Emoji } from './data'

const all: Emoji[] = [
  { unicode: '😀', label: 'grinning face', tags: ['smile', 'happy'], group: 0 },
  { unicode: '🙂', label: 'smiling face', tags: ['happy'], group: 0 },
  { unicode: '🐱', label: 'cat face', tags: ['pet'], group: 3 },
]
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
