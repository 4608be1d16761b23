// The beginning of a very long text, which is all of it that is shown at first.
import { tokens, type Token } from './tokens'

const LINES = 24
/** So few characters more are not worth a press. */
const SPARED = 200

const nthLine = (text: string, n: number): number => {
  let at = -1
  for (let line = 0; line < n; line++) {
    at = text.indexOf('\n', at + 1)
    if (at < 0) return text.length
  }
  return at
}

/** Before the address or name that goes on at `end`: half of one would lead, or point, to somebody else. */
const beforeAddress = (all: readonly Token[], end: number): number => {
  let at = 0
  for (const { kind, text } of all) {
    if (at + text.length > end) return kind === 'text' ? end : at
    at += text.length
  }
  return end
}

const until = (all: readonly Token[], end: number): Token[] => {
  let at = 0
  return all.flatMap((token): Token[] => {
    const from = at
    at += token.text.length
    if (at <= end) return [token]
    return from < end ? [{ kind: 'text', text: token.text.slice(0, end - from) }] : []
  })
}

/** About the first `most` characters, and a sign that there are more; undefined where all is shown. `names` as of `tokens`. */
export const fold = (text: string, names: readonly string[], most: number): Token[] | undefined => {
  if (text.length <= SPARED) return undefined
  const bound = Math.min(most, nthLine(text, LINES))
  if (text.length <= bound + SPARED) return undefined
  const all = tokens(text, names)
  // An address that all begins with is shown whole: there is nothing before it.
  const end = all[0]?.kind === 'link' ? Math.max(bound, all[0].text.length) : bound
  if (text.length <= end + SPARED) return undefined
  // Nor is a character cut in half.
  const kept = text.slice(0, beforeAddress(all, end)).replace(/[\uD800-\uDBFF]$/, '').trimEnd()
  return [...until(all, kept.length), { kind: 'text', text: '…' }]
}
