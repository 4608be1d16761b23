// Names as strangers write them: which of them can be seen, and what stands for a face; and names of their files.
import { isBlank } from '../../model'

export { isBlank }

/** Blanks, marks of direction and what else has no shape. */
const SHAPELESS = /[\p{White_Space}\p{Cc}\p{Cf}\p{Mn}\u115f\u1160\u3164\uffa0\u2800]/gu

/** The first of these names that can be seen. */
export const shownName = (...names: (string | undefined)[]): string =>
  names.find((name): name is string => name !== undefined && !isBlank(name)) ?? ''

/** The character that stands for a name: one letter, sign or picture. */
const initialOf = (name: string): string => {
  const seen = name.replace(SHAPELESS, '')
  const first = Array.from(seen)[0] ?? ''
  return Array.from(first.toLocaleUpperCase())[0] ?? ''
}

/** The given name of a Chinese one, as the family name is that of many. */
const GIVEN = /^\p{Script=Han}{0,2}(\p{Script=Han}{2})$/u

/**
 * What stands for a face: `陈默` of 陈默, `小明` of 王小明, `AL` of Anna Lind, the first character of others. One character where there
 * is room for no more.
 */
export const initialsOf = (name: string, most: 1 | 2 = 2): string => {
  if (most === 1) return initialOf(name)
  const words = name.split(/\s+/u).filter((word) => initialOf(word) !== '')
  const given = words.length === 1 && GIVEN.exec(words[0]?.replace(SHAPELESS, '') ?? '')?.[1]
  if (given) return given
  const ends = [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => initialOf(word ?? ''))
  return ends.every((letter) => letter === '' || /\p{L}/u.test(letter)) ? ends.join('') : initialOf(name)
}

/** One of eight colours, always the same for the same id. */
export const hueOf = (id: string): number => {
  let sum = 0
  for (const character of id) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 65_521
  return sum % 8
}

/** A file's name without characters that are not seen, or turn what is seen around: "gpj.exe" must not end in ".jpg". */
export const plainFileName = (name: string): string => name.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '')
