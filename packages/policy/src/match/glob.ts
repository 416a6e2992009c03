import type { Fixed } from './tokens.ts'

/** What matching needs of a string. */
export type Characters = Pick<string, 'length' | 'charCodeAt'>

/** What stands between two `*`: character codes, with `anyOne` for a `?`. */
type Piece = readonly number[]

/** A pattern in which `*` is any number of characters and `?` is one (a UTF-16 unit). */
export interface Glob {
  readonly pieces: readonly Piece[]
  /** How many characters a match has at least. */
  readonly least: number
}

const anyOne = -1

/** A glob of these tokens. */
export const globOf = (tokens: readonly Fixed[]): Glob => {
  const pieces: number[][] = [[]]
  for (const token of tokens) {
    const last = pieces[pieces.length - 1] ?? []
    if (token.kind === 'any') pieces.push([])
    else if (token.kind === 'one') last.push(anyOne)
    else for (let at = 0; at < token.text.length; at += 1) last.push(token.text.charCodeAt(at))
  }
  return { pieces, least: pieces.reduce((sum, { length }) => sum + length, 0) }
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
    while (from + piece.length <= end && !fits(piece, text, from)) from += 1
    from += piece.length
    if (from > end) return false
  }
  return true
}

const fits = (piece: Piece, text: Characters, from: number): boolean => {
  for (let at = 0; at < piece.length; at += 1) {
    const wanted = piece[at]
    if (wanted !== anyOne && wanted !== text.charCodeAt(from + at)) return false
  }
  return true
}
