// Names as strangers write them: which of them can be seen, and what stands for a face.
import { isBlank } from '../../model'

export { isBlank }

/** Blanks, marks of direction and what else has no shape. */
const SHAPELESS = /[\p{White_Space}\p{Cc}\p{Cf}\p{Mn}\u115f\u1160\u3164\uffa0\u2800]/gu

/** The first of these names that can be seen. */
export const shownName = (...names: (string | undefined)[]): string =>
  names.find((name): name is string => name !== undefined && !isBlank(name)) ?? ''

/** The character that stands for a name: one letter, sign or picture. */
export const initialOf = (name: string): string => {
  const seen = name.replace(SHAPELESS, '')
  const first = Array.from(seen)[0] ?? ''
  return Array.from(first.toLocaleUpperCase())[0] ?? ''
}

/** One of eight colours, always the same for the same id. */
export const hueOf = (id: string): number => {
  let sum = 0
  for (const character of id) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 65_521
  return sum % 8
}
