/** One piece of a pattern: a letter that stands for itself, or a wildcard and whether it may stand for colons too. */
export type Piece = { readonly letter: string } | { readonly wild: '*' | '?'; readonly colons: boolean }

export const lettersOf = (text: string): readonly Piece[] => text.split('').map((letter) => ({ letter }))

/** `*` is any run of characters, `?` any single one (IAM User Guide, "Condition operators" and "Action"). */
export const patternOf = (text: string): readonly Piece[] =>
  text.split('').map((letter) => (letter === '*' || letter === '?' ? { wild: letter, colons: true } : { letter }))

export const isStar = (piece: Piece | undefined): boolean =>
  piece !== undefined && 'wild' in piece && piece.wild === '*'

/** `reached[i]` is whether the pieces so far can have eaten exactly the first i letters. */
export const globMatches = (pieces: readonly Piece[], text: string): boolean => {
  const letters = text.split('')
  let reached = letters.map(() => false)
  reached.push(false)
  reached[0] = true
  for (const piece of pieces) {
    const next = reached.map(() => false)
    for (let eaten = 0; eaten <= letters.length; eaten += 1) {
      if (!reached[eaten]) continue
      if (isStar(piece)) next[eaten] = true
      if (eaten < letters.length && eats(piece, letters[eaten] ?? '')) {
        next[eaten + 1] = true
        if (isStar(piece)) reached[eaten + 1] = true
      }
    }
    reached = next
  }
  return reached.at(-1) ?? false
}

const eats = (piece: Piece, letter: string): boolean =>
  'letter' in piece ? piece.letter === letter : piece.colons || letter !== ':'
