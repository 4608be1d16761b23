// Links and names in what people write.
import { describe, expect, it } from 'vitest'
import { hrefOf, tokens } from './tokens'

const links = (text: string): [string, string][] =>
  tokens(text).flatMap((token) => (token.kind === 'link' ? [[token.text, token.href]] : []))
const whole = (text: string, names: string[] = []): string => tokens(text, names).map((token) => token.text).join('')

describe('tokens', () => {
  it('finds addresses and leaves the sentence around them', () => {
    expect(links('see https://a.example/b?c=d#e.')).toEqual([['https://a.example/b?c=d#e', 'https://a.example/b?c=d#e']])
    expect(links('(https://a.example/x_(y))')).toEqual([['https://a.example/x_(y)', 'https://a.example/x_(y)']])
    expect(links('www.example.org!')).toEqual([['www.example.org', 'https://www.example.org/']])
    expect(links('a@b.example, c')).toEqual([['a@b.example', 'mailto:a@b.example']])
    expect(links('http://localhost:8080/x')).toHaveLength(1)
    expect(links('two https://a.example https://b.example')).toHaveLength(2)
  })

  it('ends an address where Chinese goes on', () => {
    expect(links('看https://a.example/路，很好')).toEqual([['https://a.example/', 'https://a.example/']])
    expect(links('地址：https://a.example/x。谢谢')).toEqual([['https://a.example/x', 'https://a.example/x']])
  })

  it('makes no link of what could do harm', () => {
    for (const text of [
      'javascript:alert(1)',
      'JaVaScRiPt:alert(1)//https',
      'data:text/html,<script>alert(1)</script>',
      'vbscript:x',
      'file:///etc/passwd',
      'https://bank.example@evil.example/',
      'https://user:pw@evil.example/',
      'https://',
      'mailto:',
      'http://word',
    ]) {
      expect(links(text), text).toEqual([])
    }
  })

  it('keeps marks of direction out of links', () => {
    expect(links('https://a.example/\u202Egpj.exe')).toEqual([['https://a.example/', 'https://a.example/']])
  })

  it('loses nothing of the text', () => {
    for (const text of ['', '<img src=x onerror=alert(1)>', 'https://a.example/).', '@a @b c@d.example', 'a\n\nb', '\u202Eabc\u200B']) {
      expect(whole(text, ['a', 'b'])).toBe(text)
    }
  })

  it('marks names, the longest first, whatever signs they have', () => {
    expect(tokens('hi @Ann Lee and @Ann', ['Ann', 'Ann Lee'])).toEqual([
      { kind: 'text', text: 'hi ' },
      { kind: 'mention', text: '@Ann Lee' },
      { kind: 'text', text: ' and ' },
      { kind: 'mention', text: '@Ann' },
    ])
    expect(tokens('@.*(x)[', ['.*(x)['])).toEqual([{ kind: 'mention', text: '@.*(x)[' }])
  })

  it('reads very long words in no time', () => {
    const begun = performance.now()
    for (const word of ['a'.repeat(16_384), 'a.'.repeat(8_192), 'https://'.repeat(2_000), '@'.repeat(16_384), 'www.'.repeat(4_000)]) {
      expect(whole(word, ['a'])).toBe(word)
    }
    expect(performance.now() - begun).toBeLessThan(1_000)
  })
})

describe('hrefOf', () => {
  it('leads to http, https and mail only', () => {
    expect(hrefOf('ftp://a.example')).toBeUndefined()
    expect(hrefOf('https://a.example')).toBe('https://a.example/')
  })

  it('finds names whatever characters they have', () => {
    for (const name of ['group-bo', 'a.b*c', '(x)[y]{z}', 'a/b|c', '\\^$+?', '李-波']) {
      expect(tokens(`hi @${name}, hello`, [name])[1]).toEqual({ kind: 'mention', text: `@${name}` })
    }
  })
})
