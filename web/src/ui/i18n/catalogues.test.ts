// Both languages say the same things, and what the page asks for is there.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import en from './en'
import zh from './zh-CN'

const texts = (of: object, path = ''): [string, string][] =>
  Object.entries(of).flatMap(([name, value]: [string, unknown]): [string, string][] => {
    const key = path ? `${path}.${name}` : name
    if (typeof value === 'string') return [[key, value]]
    return typeof value === 'object' && value !== null ? texts(value, key) : []
  })

const keys = (of: object): string[] => texts(of).map(([key]) => key)
const fields = (text: string): string[] => [...new Set(Array.from(text.matchAll(/\{([a-z]\w*)\}/gi), (match) => match[1] ?? ''))].sort()

const ui = join(import.meta.dirname, '..')
const sources = readdirSync(ui, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(vue|ts)$/.test(file) && !file.endsWith('.test.ts') && !/i18n[/\\](en|zh-CN)/.test(file))
  .map((file) => ({ file, text: readFileSync(join(ui, file), 'utf8') }))

describe('the catalogues', () => {
  it('have the same texts in both languages', () => {
    expect(keys(zh).sort()).toEqual(keys(en).sort())
  })

  it('leave nothing empty', () => {
    expect([...texts(en), ...texts(zh)].filter(([, text]) => text.trim() === '')).toEqual([])
  })

  it('fill in the same fields in both languages', () => {
    const chinese = new Map(texts(zh))
    for (const [key, text] of texts(en)) {
      // A plural may do without its number where the word says it.
      const plural = text.includes(' | ')
      const ours = fields(chinese.get(key) ?? '').filter((field) => !plural || field !== 'n')
      expect(ours, key).toEqual(fields(text).filter((field) => !plural || field !== 'n'))
    }
  })

  it('have every text that the page asks for', () => {
    const known = new Set(keys(en))
    const missing = sources.flatMap(({ file, text }) =>
      Array.from(text.matchAll(/\bt\(\s*'([\w.-]+)'/g), (match) => match[1] ?? '')
        .filter((key) => !known.has(key))
        .map((key) => `${file}: ${key}`),
    )
    expect(missing).toEqual([])
  })
})
