import type { Fixed } from './tokens.ts'

/** What matching needs of a string. */
export type Characters = Pick<string, 'length' | 'charCodeAt'>

/** What stands between two `*`: a text, or where a `?` is in it character codes, with `anyOne` for that. */
type Piece = string | readonly number[]

/** A pattern in which `*` is any number of characters and `?` is one (a UTF-16 unit). */
export interface Glob {
  readonly pieces: readonly Piece[]
  /** How many characters a match has at least. */
  readonly least: number
}

const anyOne = -1

/** A glob of these tokens. */
export const globOf = (tokens: readonly Fixed[]): Glob => {
  const pieces: Fixed[][] = [[]]
  for (const token of tokens)
    if (token.kind === 'any') pieces.push([])
    else pieces[pieces.length - 1]?.push(token)
  const made = pieces.map(pieceOf)
  return { pieces: made, least: made.reduce((sum, { length }) => sum + length, 0) }
}

/** Texts take a byte a character, and are searched for by the machine; few patterns have a `?`. */
const pieceOf = (tokens: readonly Fixed[]): Piece => {
  if (tokens.every(({ kind }) => kind === 'text'))
    return tokens.map((token) => (token.kind === 'text' ? token.text : '')).join('')
  return tokens.flatMap((token) =>
    token.kind === 'text' ? Array.from({ length: token.text.length }, (_, at) => token.text.charCodeAt(at)) : [anyOne],
  )
}

/**
 * Whether all of a text matches. Each piece is taken where it first fits and never looked for again, which loses no
 * match; so the steps are at most the text's length times the longest piece's, whatever the pattern.
 */
export const globMatches = ({ pieces, least }: Glob, text: Characters): boolean => {
  if (text.length < least) return false
  const first = pieces[0] ?? []
  if (pieces.length === 1) return text.length === least && fits(first, text, 0)
  const last = pieces[pieces.length - 1] ?? []
  const end = text.length - last.length
  if (!fits(first, text, 0) || !fits(last, text, end)) return false
  let from = first.length
  for (let index = 1; index < pieces.length - 1; index += 1) {
    const piece = pieces[index] ?? []
    from = whereFits(piece, text, from, end) + piece.length
    if (from > end) return false
  }
  return true
}

/** Where a piece first fits from here on; beyond `end` where it does not. */
const whereFits = (piece: Piece, text: Characters, from: number, end: number): number => {
  if (typeof piece === 'string' && typeof text === 'string') {
    const found = text.indexOf(piece, from)
    return found < 0 ? end + 1 : found
  }
  let at = from
  while (at + piece.length <= end && !fits(piece, text, at)) at += 1
  return at
}

const fits = (piece: Piece, text: Characters, from: number): boolean => {
  for (let at = 0; at < piece.length; at += 1) {
    const wanted = typeof piece === 'string' ? piece.charCodeAt(at) : piece[at]
    if (wanted !== anyOne && wanted !== text.charCodeAt(from + at)) return false
  }
  return true
}
