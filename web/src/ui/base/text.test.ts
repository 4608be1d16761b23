// Names that strangers chose to be hard to show.
import { expect, it } from 'vitest'
import { hueOf, initialOf, shownName } from './text'

it('the first name that can be seen is shown', () => {
  expect(shownName('\u200b\u202e', '  ', undefined, 'bob')).toBe('bob')
  expect(shownName('鸿雁', 'bob')).toBe('鸿雁')
  expect(shownName('\u3164')).toBe('')
})

it('an initial is one character, whatever stands before or upon it', () => {
  expect(initialOf('anna')).toBe('A')
  expect(initialOf('\u202e\u200b 陈默')).toBe('陈')
  expect(initialOf('🦢 goose')).toBe('🦢')
  expect(initialOf(`Z${'\u0301'.repeat(500)}algo`)).toBe('Z')
  expect(initialOf('ßteffi')).toBe('S')
  expect(initialOf('\u200b')).toBe('')
})

it('an id always has the same colour', () => {
  expect(hueOf('u1')).toBe(hueOf('u1'))
  expect(new Set(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map(hueOf)).size).toBe(8)
})
