// The protocol's bounds on accounts.
import { expect, it } from 'vitest'
import { nicknameProblem, passwordProblem, typedUsername, username, usernameProblem } from './rules'

it('a username has 4 to 16 letters, digits, _ or -', () => {
  for (const good of ['anna', 'a-b_9', 'x'.repeat(16)]) expect(usernameProblem(good)).toBeUndefined()
  for (const bad of ['ann', 'x'.repeat(17), '安安安安', 'a b c', 'anna\n']) expect(usernameProblem(bad), bad).toBe('frame.session.badUsername')
  expect(usernameProblem('')).toBe('frame.session.needUsername')
})

it('a password is counted in bytes', () => {
  expect(passwordProblem('12345')).toBe('frame.session.shortPassword')
  expect(passwordProblem('鸿雁')).toBeUndefined()
  expect(passwordProblem('雁'.repeat(42))).toBeUndefined()
  expect(passwordProblem('雁'.repeat(43))).toBe('frame.session.longPassword')
})

it('a nickname is counted in characters, and can be seen', () => {
  expect(nicknameProblem('🦢'.repeat(64))).toBeUndefined()
  expect(nicknameProblem('🦢'.repeat(65))).toBe('frame.session.longNickname')
  expect(nicknameProblem(' \u200b')).toBe('frame.session.needNickname')
})

it('a space that a keyboard puts behind a username is not a part of it', () => {
  typedUsername.value = ' anna '
  expect(usernameProblem(username.value)).toBeUndefined()
  expect(username.value).toBe('anna')
})
