// A list of friends in sections: favourites, then by letter, Chinese names by their pinyin.
import type { Friend } from '../../model'
import { friendName } from './words'

/** The first character of each letter in the order of pinyin; no syllable begins with I, U or V. */
const FIRST = Array.from('阿八嚓哒妸发旮哈讥咔垃痳拏噢妑七呥扨它穵夕丫帀')
const LETTERS = 'ABCDEFGHJKLMNOPQRSTWXYZ'

const collator = new Intl.Collator('zh-Hans-u-co-pinyin')
/** Without its data a browser orders by code points, and letters would be wrong. */
const knowsPinyin = collator.compare('波', '爱') > 0 && collator.compare('爱', '安') < 0

const UNSEEN = /^[\p{White_Space}\p{Cc}\p{Cf}\p{P}\p{S}]+/u

/** `A` to `Z`, or `#`. */
export const letterOf = (name: string): string => {
  const seen = name.slice(0, 200).replace(UNSEEN, '')
  const first = String.fromCodePoint(seen.codePointAt(0) ?? 0)
  const plain = first.normalize('NFKD').charAt(0).toUpperCase()
  if (/^[A-Z]$/.test(plain)) return plain
  if (!knowsPinyin || !/\p{Script=Han}/u.test(first)) return '#'
  // The last letter whose first character does not come after this one.
  let from = 0
  let to = FIRST.length
  while (from < to) {
    const middle = (from + to) >> 1
    if (collator.compare(first, FIRST[middle] ?? '') < 0) to = middle
    else from = middle + 1
  }
  return LETTERS.charAt(from - 1) || '#'
}

export interface Section {
  /** `*`: favourites. */
  letter: string
  friends: Friend[]
}

const rank = (letter: string): string => (letter === '#' ? '~' : letter)

/** Sections in the order in which they are shown; within one, friends stay in the order in which they came. */
export const sectionsOf = (friends: readonly Friend[]): Section[] => {
  const sections = new Map<string, Friend[]>()
  for (const friend of friends) {
    const letter = friend.favourite ? '*' : letterOf(friendName(friend))
    const section = sections.get(letter)
    if (section) section.push(friend)
    else sections.set(letter, [friend])
  }
  return [...sections]
    .map(([letter, friends]) => ({ letter, friends }))
    .sort((a, b) => (rank(a.letter) < rank(b.letter) ? -1 : 1))
}
