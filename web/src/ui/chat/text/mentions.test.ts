// Names after "@".
import { describe, expect, it } from 'vitest'
import { matching, mentionsIn, namesAll, typedMention } from './mentions'

const people = [
  { userId: '1', name: 'Ann' },
  { userId: '2', name: 'Ann Lee' },
  { userId: '3', name: '小明' },
]

describe('mentionsIn', () => {
  it('takes the longest name', () => {
    expect(mentionsIn('hi @Ann Lee!', people)).toEqual(['2'])
    expect(mentionsIn('hi @Ann, @Ann Lee', people)).toEqual(['1', '2'])
  })
  it('takes whole words only, except where words have no spaces', () => {
    expect(mentionsIn('@Anna', people)).toEqual([])
    expect(mentionsIn('@小明你好', people)).toEqual(['3'])
  })
  it('leaves addresses of mail alone', () => expect(mentionsIn('me@Ann', people)).toEqual([]))
  it('lets the choice decide between namesakes', () => {
    const two = [...people, { userId: '9', name: 'Ann' }]
    expect(mentionsIn('@Ann', two, new Map([['Ann', '9']]))).toEqual(['9'])
  })
  it('knows everybody in both languages', () => {
    expect(namesAll('@all read this')).toBe(true)
    expect(namesAll('@所有人开会')).toBe(true)
    expect(namesAll('@allison')).toBe(false)
  })
})

describe('typedMention', () => {
  it('is what stands after @', () => {
    expect(typedMention('hi @An', 6)).toEqual({ query: 'An', from: 3 })
    expect(typedMention('@', 1)).toEqual({ query: '', from: 0 })
    expect(typedMention('hi @An more', 6)).toEqual({ query: 'An', from: 3 })
    expect(typedMention('@Ann Le', 7)).toEqual({ query: 'Ann Le', from: 0 })
  })
  it('is over after two words, a line, or in an address', () => {
    expect(typedMention('@Ann Lee is', 11)).toBeUndefined()
    expect(typedMention('@Ann\nx', 6)).toBeUndefined()
    expect(typedMention('a@b', 3)).toBeUndefined()
    expect(typedMention('@ a', 3)).toBeUndefined()
    expect(typedMention('@a', 0)).toBeUndefined()
  })
})

it('matching puts beginnings first', () => {
  const list = [{ names: ['Joann'] }, { names: ['Ann'] }, { names: ['Bob', 'annie'] }, { names: ['Carl'] }]
  expect(matching(list, 'ann').map(({ names }) => names[0])).toEqual(['Ann', 'Bob', 'Joann'])
})
