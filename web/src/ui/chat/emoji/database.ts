// The emoji and what the reader did with them, as emoji-picker-element asks for it: its own keeps all of it in IndexedDB, and finds no
// Chinese words within others.
import type { NativeEmoji } from 'emoji-picker-element/shared'
import { keepPreference, readPreference } from '../../preferences'

/** As emojibase has it. */
interface Row {
  emoji: string
  label: string
  tags?: string[]
  group?: number
  order?: number
  version: number
  /** With two people in it there are two tones, and more skins. */
  skins?: { emoji: string; tone: number | number[]; version: number }[]
}

/** Without the sign for "as a picture" where it is one anyway: the same emoji is always the same text. */
export const plain = (emoji: string): string => emoji.replace(/(\p{Emoji_Presentation})\uFE0F/gu, '$1')

export const emojiOf = (rows: readonly Row[]): NativeEmoji[] =>
  rows
    // 2: parts of other emoji.
    .filter(({ group }) => group !== undefined && group !== 2)
    .map(({ emoji, label, tags = [], group = 0, order = 0, version, skins = [] }) => ({
      unicode: plain(emoji),
      // Custom emoji have names.
      name: '',
      annotation: label,
      tags,
      group,
      order,
      version,
      skins: skins.flatMap(({ emoji, tone, version }) => (typeof tone === 'number' ? [{ unicode: plain(emoji), tone, version }] : [])),
    }))
    .sort((a, b) => a.order - b.order)

const fetchEmoji = async (url: string): Promise<NativeEmoji[]> => {
  const response = await fetch(url)
  if (!response.ok) throw new Error('the emoji are not there')
  return emojiOf((await response.json()) as Row[])
}

const loaded = new Map<string, Promise<NativeEmoji[]>>()
export const loadEmoji = (url: string): Promise<NativeEmoji[]> => {
  const known = loaded.get(url)
  if (known) return known
  const coming = fetchEmoji(url)
  loaded.set(url, coming)
  coming.catch(() => loaded.delete(url))
  return coming
}

/** Those whose name or words hold every word of the query; the name counts more. */
export const findEmoji = (all: readonly NativeEmoji[], query: string, most = 90): NativeEmoji[] => {
  const words = query.toLocaleLowerCase().split(/\s+/u).filter(Boolean)
  const rank = ({ annotation, tags = [], unicode }: NativeEmoji): number => {
    if (query.includes(unicode)) return 0
    const name = annotation.toLocaleLowerCase()
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
const recent = (): string[] => (readPreference('emoji') ?? '').split(' ').filter(Boolean)

export default class EmojiDatabase {
  readonly dataSource: string
  readonly locale: string
  customEmoji: never[] = []

  constructor({ dataSource, locale }: { dataSource: string; locale: string }) {
    this.dataSource = dataSource
    this.locale = locale
  }

  async ready(): Promise<void> {
    await loadEmoji(this.dataSource)
  }

  async getEmojiByGroup(group: number): Promise<NativeEmoji[]> {
    return (await loadEmoji(this.dataSource)).filter((one) => one.group === group)
  }

  async getEmojiBySearchQuery(query: string): Promise<NativeEmoji[]> {
    return findEmoji(await loadEmoji(this.dataSource), query)
  }

  async getEmojiByUnicodeOrName(unicode: string): Promise<NativeEmoji | undefined> {
    const wanted = plain(unicode)
    return (await loadEmoji(this.dataSource)).find((one) => one.unicode === wanted)
  }

  async getPreferredSkinTone(): Promise<number> {
    return Number(readPreference('emoji.tone') ?? 0)
  }

  async setPreferredSkinTone(tone: number): Promise<void> {
    keepPreference('emoji.tone', tone === 0 ? undefined : String(tone))
  }

  async incrementFavoriteEmojiCount(unicode: string): Promise<void> {
    keepPreference('emoji', [unicode, ...recent().filter((other) => other !== unicode)].slice(0, RECENT).join(' '))
  }

  /** Those that were used last. */
  async getTopFavoriteEmoji(most: number): Promise<NativeEmoji[]> {
    const known = await Promise.all(recent().map((unicode) => this.getEmojiByUnicodeOrName(unicode)))
    return known.filter((one) => one !== undefined).slice(0, most)
  }

  async close(): Promise<void> {
    // What is loaded serves the next picker.
  }
}
