// Cuts a message's text into plain words, links that are safe to follow, and names of people.

export type Token =
  | { kind: 'text'; text: string }
  | { kind: 'link'; text: string; href: string }
  | { kind: 'mention'; text: string }

/**
 * Only what stands in addresses as they are copied from a browser: so an address ends where Chinese text goes on, and
 * marks of direction cannot turn it around. The bounds keep a word of any length from being read again and again.
 */
const ADDRESS = /\b(?:https?:\/\/|mailto:|www\.)[\w\-.~:/?#[\]@!$&'()*+,;=%|]{1,2048}|\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{2,63}){1,4}/giu
const CLOSING = /[.,:;!?'|*~]$/u
const PAIRS: Record<string, string> = { ')': '(', ']': '[' }

/** Without the signs that end the sentence around it. */
const trimmed = (address: string): string => {
  let text = address
  for (;;) {
    const last = text.at(-1) ?? ''
    const opening = PAIRS[last]
    const unpaired = opening !== undefined && text.split(last).length > text.split(opening).length
    if (!unpaired && !CLOSING.test(text)) return text
    text = text.slice(0, -1)
  }
}

/** Where it leads; undefined where one should not be led by a click. */
export const hrefOf = (address: string): string | undefined => {
  const scheme = /^(?:https?:\/\/|mailto:)/iu.test(address)
  const whole = scheme ? address : /^www\./iu.test(address) ? `https://${address}` : `mailto:${address}`
  let url: URL
  try {
    url = new URL(whole)
  } catch {
    return undefined
  }
  if (url.protocol === 'mailto:') return /^[^@]+@[^@]+\.[^@]+$/u.test(url.pathname) ? url.href : undefined
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined
  // https://bank.example@evil.example leads to the latter and reads like the former.
  if (url.username !== '' || url.password !== '') return undefined
  return url.hostname.includes('.') || url.hostname === 'localhost' || url.hostname.startsWith('[') ? url.href : undefined
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')

const withMentions = (text: string, names: readonly string[]): Token[] => {
  if (names.length === 0 || !text.includes('@')) return [{ kind: 'text', text }]
  const longestFirst = [...names].sort((a, b) => b.length - a.length).map(escaped)
  const pieces = text.split(new RegExp(`(@(?:${longestFirst.join('|')}))`, 'u'))
  return pieces
    .map((piece, at): Token => ({ kind: at % 2 === 1 ? 'mention' : 'text', text: piece }))
    .filter((token) => token.text !== '')
}

/** `names`: of the people that the message mentions, without "@". */
export const tokens = (text: string, names: readonly string[] = []): Token[] => {
  const found: Token[] = []
  let from = 0
  for (const match of text.matchAll(ADDRESS)) {
    const address = trimmed(match[0])
    const href = hrefOf(address)
    if (href === undefined) continue
    if (match.index > from) found.push(...withMentions(text.slice(from, match.index), names))
    found.push({ kind: 'link', text: address, href })
    from = match.index + address.length
  }
  if (from < text.length) found.push(...withMentions(text.slice(from), names))
  return found
}
