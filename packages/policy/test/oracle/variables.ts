import type { PolicyVersion, RequestContext } from '@keyplane/policy'
import { lettersOf, type Piece, patternOf } from './glob.ts'

/** What text of a policy is read with. */
export interface Reading {
  /** Without a version the text is of 2008, whose variables are literal strings. */
  readonly version: PolicyVersion | undefined
  readonly context: RequestContext
}

/**
 * The pieces of a text with its variables replaced; undefined where a variable has no value. "When a policy variable
 * references a condition context key that has no value or isn't present in an authorization context for a request, the
 * value is effectively null. There is no equal or like value." (IAM User Guide, "Variables and tags".) What a variable
 * stands for is letters: its own `*` is no wildcard.
 */
export const readPattern = (text: string, reading: Reading): readonly Piece[] | undefined => {
  if (reading.version !== '2012-10-17') return patternOf(text)
  const pieces: Piece[] = []
  let rest = text
  while (rest !== '') {
    const variable = /^\$\{([^}]*)\}/u.exec(rest)
    if (variable === null) {
      pieces.push(...patternOf(rest.slice(0, 1)))
      rest = rest.slice(1)
      continue
    }
    const value = valueOf(variable[1] ?? '', reading.context)
    if (value === undefined) return undefined
    pieces.push(...lettersOf(value))
    rest = rest.slice(variable[0].length)
  }
  return pieces
}

/** The same for operators that know no wildcards: every `*` and `?` is a letter. */
export const readText = (text: string, reading: Reading): string | undefined =>
  readPattern(text, reading)
    ?.map((piece) => ('letter' in piece ? piece.letter : piece.wild))
    .join('')

const valueOf = (inside: string, context: RequestContext): string | undefined => {
  // "use predefined policy variables that have fixed values": ${*}, ${?}, ${$}.
  if (inside === '*' || inside === '?' || inside === '$') return inside
  const comma = inside.indexOf(',')
  const name = (comma === -1 ? inside : inside.slice(0, comma)).trim()
  const values = context.get(name.toLowerCase())
  // "you cannot use a multivalued context key as a policy variable" ("Single-valued vs. multivalued context keys").
  if (values !== undefined) return values.length === 1 ? values[0] : undefined
  if (comma === -1) return undefined
  // "add a default value to a variable by surrounding it with single quotes, after a comma and a space".
  return inside
    .slice(comma + 1)
    .trim()
    .replace(/^'|'$/gu, '')
}
