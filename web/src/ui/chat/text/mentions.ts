// Names after "@": what is being typed, and whom a finished text names.

export interface Named {
  userId: string
  /** As it stands after "@". */
  name: string
}

/** Characters that may follow a name: a longer word is another name. */
const goesOn = (text: string, at: number): boolean => /[\p{L}\p{N}_]/u.test(text.slice(at, at + 2).charAt(0))
const cjk = (text: string): boolean => /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]$/u.test(text)

/** The people that the text names. `picked` decides between people of one name. */
export const mentionsIn = (text: string, people: readonly Named[], picked: ReadonlyMap<string, string> = new Map()): string[] => {
  const found = new Set<string>()
  const longestFirst = people.filter(({ name }) => name !== '').sort((a, b) => b.name.length - a.name.length)
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    // As in an address of mail.
    if (at > 0 && /[\w.]/.test(text.charAt(at - 1))) continue
    const one = longestFirst.find(({ name }) => {
      const end = at + 1 + name.length
      return text.startsWith(name, at + 1) && (cjk(name) || !goesOn(text, end))
    })
    if (one) found.add(picked.get(one.name) ?? one.userId)
  }
  return [...found]
}

/** What stands between "@" and the caret, while a name is being typed; `from` is the place of "@". */
export const typedMention = (text: string, caret: number): { query: string; from: number } | undefined => {
  const from = text.lastIndexOf('@', caret - 1)
  if (from < 0 || from >= caret || caret - from > 33) return undefined
  if (from > 0 && /[\w.]/.test(text.charAt(from - 1))) return undefined
  const query = text.slice(from + 1, caret)
  return /[\n@]|\s\S*\s/u.test(query) || query.startsWith(' ') ? undefined : { query, from }
}

/** Those whose name holds what was typed; those whose name begins with it come first. */
export const matching = <T extends { names: readonly string[] }>(people: readonly T[], query: string): T[] => {
  const part = query.toLocaleLowerCase()
  const rank = ({ names }: T): number =>
    Math.min(...names.map((name) => name.toLocaleLowerCase().indexOf(part)).map((at) => (at < 0 ? 2 : Math.min(at, 1))))
  return people.filter((one) => rank(one) < 2).sort((a, b) => rank(a) - rank(b))
}

/** What names everybody, in either language. */
export const ALL = ['all', 'everyone', '所有人', '全体成员'] as const
export const namesAll = (text: string): boolean => mentionsIn(text, ALL.map((name) => ({ userId: name, name }))).length > 0
