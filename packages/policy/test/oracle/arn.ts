import { globMatches, isStar, type Piece } from './glob.ts'

/**
 * A resource pattern against a resource. "You can use wildcard characters (* and ?) within the individual segments of
 * an ARN … If the * wildcard is the last character of a resource ARN segment, it can expand to match beyond the colon
 * boundaries." (IAM User Guide, "Resource".) After the fifth colon stands the resource part, one string.
 */
export const resourceMatches = (pieces: readonly Piece[], resource: string): boolean => {
  let colons = 0
  const bounded = pieces.map((piece, at): Piece => {
    if ('letter' in piece) {
      if (piece.letter === ':') colons += 1
      return piece
    }
    if (colons >= 5) return piece
    const next = pieces[at + 1]
    const last = next === undefined || ('letter' in next && next.letter === ':')
    return { wild: piece.wild, colons: isStar(piece) && last }
  })
  return globMatches(bounded, resource)
}

/** "Each of the six colon-delimited components of the ARN is checked separately" ("Condition operators", ArnLike). */
export const arnMatches = (pieces: readonly Piece[], arn: string): boolean => {
  // Not told: an operand that is nothing but a star is taken to be every ARN, as `Resource` means it.
  const [only] = pieces
  if (pieces.length === 1 && isStar(only)) return true
  const wanted: Piece[][] = [[]]
  for (const piece of pieces) {
    if ('letter' in piece && piece.letter === ':' && wanted.length < 6) wanted.push([])
    else wanted.at(-1)?.push(piece)
  }
  const parts = arn.split(':')
  const given = [...parts.slice(0, 5), parts.slice(5).join(':')]
  if (wanted.length !== 6 || parts.length < 6) return false
  return wanted.every((component, at) => globMatches(component, given[at] ?? ''))
}
