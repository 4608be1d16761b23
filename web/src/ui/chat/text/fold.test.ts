// What of a very long text is shown at first.
import { describe, expect, it } from 'vitest'
import { fold } from './fold'
import { tokens } from './tokens'

const shown = (text: string, names: string[] = []): string | undefined => fold(text, names, 500)?.map((token) => token.text).join('')
const rest = 'and so on '.repeat(50)

describe('fold', () => {
  it('shows what is short, or little longer, as a whole', () => {
    expect(shown('')).toBeUndefined()
    expect(shown('x'.repeat(700))).toBeUndefined()
    expect(shown('line\n'.repeat(40))).toBeUndefined()
  })

  it('ends after so many characters or lines, and says that there are more', () => {
    expect(shown('x'.repeat(701))).toBe(`${'x'.repeat(500)}…`)
    expect(shown(`${'a\n'.repeat(24)}${rest}`)).toBe(`${'a\n'.repeat(23)}a…`)
    expect(shown(`${'x'.repeat(490)}${' '.repeat(20)}${rest}`)).toBe(`${'x'.repeat(490)}…`)
  })

  it('cuts no address and no name in two', () => {
    const before = 'x'.repeat(480)
    const address = 'https://a.example/one/two/three/four'
    expect(shown(`${before} ${address} ${rest}`)).toBe(`${before}…`)
    expect(shown(`${before} @Ann Lee the Second of May ${rest}`, ['Ann Lee the Second of May'])).toBe(`${before}…`)
    // What is no address as a whole does not become one by losing its end.
    const trap = `https://bank.example${'.'.repeat(12)}@evil.example/`
    const folded = fold(`${'x'.repeat(470)} ${trap} ${rest}`, [], 500)
    expect(tokens(trap).map(({ kind }) => kind)).not.toContain('link')
    expect(folded?.map(({ kind }) => kind)).toEqual(['text', 'text'])
  })

  it('keeps addresses and names before its end', () => {
    const folded = fold(`@Ann see https://a.example/ ${rest}${rest}`, ['Ann'], 500)
    expect(folded?.map(({ kind }) => kind)).toEqual(['mention', 'text', 'link', 'text', 'text'])
  })

  it('shows an address whole where there is nothing before it', () => {
    const address = `https://a.example/${'x'.repeat(600)}`
    expect(shown(`${address} ${rest}`)).toBe(`${address}…`)
    expect(shown(`${address} and little more`)).toBeUndefined()
  })

  it('cuts no character in half', () => {
    expect(shown(`x${'🦢'.repeat(600)}`)).toBe(`x${'🦢'.repeat(249)}…`)
  })
})
