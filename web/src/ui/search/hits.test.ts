// Names in pieces.
import { expect, it } from 'vitest'
import { piecesOf } from './hits'

const shown = (name: string, query: string): string =>
  piecesOf(name, query)
    .map(({ text, hit }) => (hit ? `[${text}]` : text))
    .join('')

it('marks every place, in any case', () => {
  expect(shown('Anna Hanna', 'an')).toBe('[An]na H[an]na')
  expect(shown('上海同学会', '同学')).toBe('上海[同学]会')
})

it('leaves a name as it is without a hit or a query', () => {
  expect(shown('Anna', 'x')).toBe('Anna')
  expect(shown('Anna', '  ')).toBe('Anna')
  expect(shown('', 'x')).toBe('')
})

it('is not led astray by letters that change their length', () => {
  expect(shown('İİİan', 'an')).toBe('İİİan')
})
