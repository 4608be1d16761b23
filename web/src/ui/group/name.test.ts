// Names for groups that follow the rule.
import { expect, it } from 'vitest'
import { isGroupName, suggestGroupName } from './name'

it('knows the rule', () => {
  expect(['team', 'A_b-9', 'a'.repeat(16)].every(isGroupName)).toBe(true)
  expect(['abc', 'a'.repeat(17), 'a b c', '同学会同学会', ''].some(isGroupName)).toBe(false)
})

it('suggests one that follows it, made of the nickname where that can be', () => {
  for (const nickname of ['Hiking Club', 'Café', '同学会', '', '-', '🦢🦢', 'A very long name of a group', 'x'.repeat(10_000), '<b>']) {
    expect(suggestGroupName(nickname), nickname).toSatisfy(isGroupName)
  }
  expect(suggestGroupName('Hiking Club')).toMatch(/^hiking-club-/)
  expect(suggestGroupName('同学会')).toMatch(/^group-/)
  expect(suggestGroupName('x')).not.toBe(suggestGroupName('x'))
})
