// Emoji, their groups and words, in the language of the page. They come when they are first asked for.
import enUrl from 'emojibase-data/en/compact.json?url'
import zhUrl from 'emojibase-data/zh/compact.json?url'
import type { Language } from '../../i18n'
import { keepPreference, readPreference } from '../../preferences'

export interface Emoji {
  unicode: string
  label: string
  tags: readonly string[]
  /** Place in `GROUPS`. */
  group: number
}

/** By the data's numbers, with a sign for each; 2 are parts of other emoji. */
export const GROUPS = [
  { group: 0, sign: '😀', name: 'smileys' },
  { group: 1, sign: '👋', name: 'people' },
  { group: 3, sign: '🐻', name: 'nature' },
  { group: 4, sign: '🍜', name: 'food' },
  { group: 5, sign: '✈️', name: 'travel' },
  { group: 6, sign: '⚽', name: 'activities' },
  { group: 7, sign: '💡', name: 'objects' },
  { group: 8, sign: '❤️', name: 'symbols' },
  { group: 9, sign: '🏁', name: 'flags' },
] as const

interface Row {
  unicode: string
  hexcode: string
  label: string
  tags?: string[]
  group?: number
  order?: number
}

/** The newest emoji: systems that are older than they are show an empty box. The first of each list stands for all. */
const YOUNG = [
  ['1FAE9', '1FAC6', '1FABE', '1FADC', '1FA89', '1FA8F', '1FADF', '1F1E8-1F1F6'],
  ['1FAEA', '1FACD', '1FAC8', '1FA8A', '1FA8E', '1FAEF', '1F6D8'],
]

/** Whether it is drawn in colours: an empty box has the text's own. */
const isDrawn = (hexcode: string): boolean => {
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = 20
  const context = canvas.getContext('2d', { willReadFrequently: true })
  if (!context) return true
  context.font = '16px sans-serif'
  context.fillStyle = '#000'
  context.fillText(String.fromCodePoint(Number.parseInt(hexcode, 16)), 0, 16)
  const { data } = context.getImageData(0, 0, 20, 20)
  for (let at = 0; at < data.length; at += 4) if (data[at] !== data[at + 1] || data[at] !== data[at + 2]) return true
  return false
}

const read = async (language: Language): Promise<Emoji[]> => {
  const response = await fetch(language === 'zh-CN' ? zhUrl : enUrl)
  if (!response.ok) throw new Error('the emoji are not there')
  const rows = (await response.json()) as Row[]
  const hidden = new Set(YOUNG.filter(([sample]) => sample !== undefined && !isDrawn(sample)).flat())
  return rows
    .filter(({ hexcode, group }) => group !== undefined && group !== 2 && !hidden.has(hexcode))
    .sort((a, b) => (a.order ?? 0) - (b.order ?? 0))
    .map(({ unicode, label, tags, group }) => ({ unicode, label, tags: tags ?? [], group: group ?? 0 }))
}

const loaded = new Map<Language, Promise<Emoji[]>>()
export const loadEmoji = (language: Language): Promise<Emoji[]> => {
  const known = loaded.get(language)
  if (known) return known
  const coming = read(language)
  loaded.set(language, coming)
  coming.catch(() => loaded.delete(language))
  return coming
}

/** Those whose name or words hold every word of the query; the name counts more. */
export const findEmoji = (all: readonly Emoji[], query: string, most = 90): Emoji[] => {
  const words = query.toLocaleLowerCase().split(/\s+/u).filter(Boolean)
  const rank = ({ label, tags, unicode }: Emoji): number => {
    if (query.includes(unicode)) return 0
    const name = label.toLocaleLowerCase()
    if (words.every((word) => name.startsWith(word))) return 1
    if (words.every((word) => name.includes(word))) return 2
    return words.every((word) => name.includes(word) || tags.some((tag) => tag.toLocaleLowerCase().startsWith(word))) ? 3 : 9
  }
  if (words.length === 0) return []
  return all
    .map((one) => ({ one, rank: rank(one) }))
    .filter((found) => found.rank < 9)
    .sort((a, b) => a.rank - b.rank)
    .slice(0, most)
    .map(({ one }) => one)
}

const RECENT = 24
export const recentEmoji = (): string[] => (readPreference('emoji') ?? '').split(' ').filter(Boolean)
export const noteEmoji = (unicode: string): void =>
  keepPreference('emoji', [unicode, ...recentEmoji().filter((other) => other !== unicode)].slice(0, RECENT).join(' '))
