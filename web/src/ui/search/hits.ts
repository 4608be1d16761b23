// Where a text has what is looked for.

export interface Piece {
  text: string
  hit: boolean
}

/** A name in pieces, cut at what is looked for, in any case. */
export const piecesOf = (name: string, query: string): Piece[] => {
  const text = name.slice(0, 400)
  const part = query.trim().toLocaleLowerCase()
  const lower = text.toLocaleLowerCase()
  // A few letters change their length with their case: then there is no telling where a hit is.
  if (part === '' || lower.length !== text.length) return [{ text, hit: false }]
  const pieces: Piece[] = []
  let from = 0
  for (let at = lower.indexOf(part); at >= 0; at = lower.indexOf(part, from)) {
    if (at > from) pieces.push({ text: text.slice(from, at), hit: false })
    from = at + part.length
    pieces.push({ text: text.slice(at, from), hit: true })
  }
  if (from < text.length || pieces.length === 0) pieces.push({ text: text.slice(from), hit: false })
  return pieces
}
