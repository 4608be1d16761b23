// Names that strangers chose to be hard to show.
import { expect, it } from 'vitest'
import { hueOf, initialsOf, shownName } from './text'

it('the first name that can be seen is shown', () => {
  expect(shownName('\u200b\u202e', '  ', undefined, 'bob')).toBe('bob')
  expect(shownName('鸿雁', 'bob')).toBe('鸿雁')
  expect(shownName('\u3164')).toBe('')
})

it('a name has one or two initials, whatever stands before or upon it', () => {
  expect(initialsOf('anna')).toBe('A')
  expect(initialsOf('Anna van der Lind')).toBe('AL')
  expect(initialsOf('Anna Lind', 1)).toBe('A')
  expect(initialsOf('\u202e\u200b 陈默')).toBe('陈默')
  expect(initialsOf('王小明')).toBe('小明')
  expect(initialsOf('欧阳小明')).toBe('小明')
  expect(initialsOf('云中谁寄锦书来')).toBe('云')
  expect(initialsOf('🦢 goose')).toBe('🦢')
  expect(initialsOf('Anna 🦢')).toBe('A')
  expect(initialsOf(`Z${'\u0301'.repeat(500)}algo`)).toBe('Z')
  expect(initialsOf('ßteffi')).toBe('S')
  expect(initialsOf('\u200b')).toBe('')
})

it('an id always has the same colour', () => {
  expect(hueOf('u1')).toBe(hueOf('u1'))
  expect(new Set(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map(hueOf)).size).toBe(8)
})
