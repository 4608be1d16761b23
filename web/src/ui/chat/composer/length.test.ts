import { expect, test } from 'vitest'

import { asSent, lengthNear } from './length'

test('a text is counted in bytes, from nine tenths of the bound on', () => {
  expect(lengthNear('x'.repeat(899), 1_000)).toBeUndefined()
  expect(lengthNear('x'.repeat(900), 1_000)).toEqual({ bytes: 900, most: 1_000, over: false })
  expect(lengthNear('x'.repeat(1_000), 1_000)?.over).toBe(false)
  expect(lengthNear('x'.repeat(1_001), 1_000)?.over).toBe(true)
  expect(lengthNear('雁'.repeat(334), 1_000)).toEqual({ bytes: 1_002, most: 1_000, over: true })
  expect(lengthNear('🦢'.repeat(250), 1_000)).toEqual({ bytes: 1_000, most: 1_000, over: false })
  expect(lengthNear('x'.repeat(5_000), undefined)).toBeUndefined()
})

test('what is cut off when it is sent does not count', () => {
  expect(asSent('  \n  indented\nmore \n\n ')).toBe('  indented\nmore')
})
