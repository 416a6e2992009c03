import type { RequestContext } from '../request.ts'
import { type Glob, globMatches, globOf } from './glob.ts'
import { areFixed, type Fixed, resolved, tokensOf } from './tokens.ts'

/** The six parts of an ARN: `arn`, partition, service, region, account, and all the rest. */
export type ArnParts = readonly string[]

/** The parts of an ARN, or `undefined` for a text that is none. */
export const arnParts = (text: string): ArnParts | undefined => {
  if (!text.startsWith('arn:')) return undefined
  const parts: string[] = []
  let from = 0
  while (parts.length < 5) {
    const colon = text.indexOf(':', from)
    if (colon < 0) return undefined
    parts.push(text.slice(from, colon))
    from = colon + 1
  }
  parts.push(text.slice(from))
  return parts
}

/** Whether an ARN is one that the policy means; `undefined` stands for a resource that has none. */
export type ArnPattern = (given: ArnParts | undefined, context: RequestContext) => boolean

export interface ArnPatternOptions {
  /** Whether `${…}` is a variable. */
  readonly variables: boolean
  /** Whether a `*` that ends one of the first five parts reaches over colons, as it does in a `Resource` element. */
  readonly reaching?: boolean
  /** Whether the pattern fits where a variable has no value. */
  readonly withoutValue?: boolean
}

/**
 * A pattern over ARNs, compared part by part: a wildcard in one of the first five does not reach into the next, unless
 * asked for. `*` alone is everything. `undefined` where the value is neither that nor an ARN, or a variable is malformed.
 */
export const arnPattern = (value: string, options: ArnPatternOptions): ArnPattern | undefined => {
  const { variables, reaching = false, withoutValue = false } = options
  if (value === '*') return () => true
  const tokens = tokensOf(value, { variables, wildcards: true })
  if (tokens === undefined) return undefined
  const matches = reaching ? reach : fit
  if (areFixed(tokens)) {
    const globs = globsOf(tokens)
    return globs && ((given) => given !== undefined && matches(globs, given))
  }
  if (!value.startsWith('arn:') && tokens[0]?.kind !== 'variable') return undefined
  return (given, context) => {
    const fixed = resolved(tokens, context)
    if (fixed === undefined) return withoutValue
    const globs = globsOf(fixed)
    return globs !== undefined && given !== undefined && matches(globs, given)
  }
}

const fit = (globs: readonly Glob[], given: ArnParts): boolean => {
  for (let at = 0; at < globs.length; at += 1) {
    const glob = globs[at]
    if (glob === undefined || !globMatches(glob, given[at] ?? '')) return false
  }
  return true
}

/**
 * AWS: a `*` that is the last character of a segment can match beyond the colon. So after a part that ends in one the next
 * may begin at any later colon, and all the steps are few: parts times segments.
 */
const reach = (globs: readonly Glob[], given: ArnParts): boolean => {
  const first = globs.slice(0, -1)
  if (fit(globs, given)) return true
  if (!first.some(endsInStar)) return false
  const segments = given.join(':').split(':')
  const starts = first.reduce<readonly boolean[]>((begins, glob) => startsAfter(glob, begins, segments), [true])
  const last = globs[globs.length - 1]
  return segments.some(
    (_, at) => starts[at] === true && last !== undefined && globMatches(last, segments.slice(at).join(':')),
  )
}

const endsInStar = ({ pieces }: Glob): boolean => pieces.length > 1 && pieces[pieces.length - 1]?.length === 0

/** At which segments the next part may begin, where this one may begin at those of `begins`. */
const startsAfter = (glob: Glob, begins: readonly boolean[], segments: readonly string[]): readonly boolean[] => {
  const next: boolean[] = []
  let reached = false
  for (const [at, segment] of segments.entries()) {
    next[at] ??= reached
    if (begins[at] !== true || !globMatches(glob, segment)) continue
    next[at + 1] = true
    reached ||= endsInStar(glob)
  }
  return next
}

const globsOf = (tokens: readonly Fixed[]): readonly Glob[] | undefined => {
  const parts: Fixed[][] = [[]]
  for (const token of tokens) {
    const pieces = token.kind === 'text' ? upToSixParts(token.text, parts.length) : [token]
    for (const [index, piece] of pieces.entries()) {
      if (index > 0) parts.push([])
      parts[parts.length - 1]?.push(piece)
    }
  }
  const [scheme] = parts[0] ?? []
  return parts.length === 6 && scheme?.kind === 'text' && scheme.text === 'arn' ? parts.map(globOf) : undefined
}

/** A text cut at its colons, but never into more than the six parts that an ARN has. */
const upToSixParts = (text: string, begun: number): readonly Fixed[] => {
  const pieces = text.split(':')
  const last = 6 - begun
  const cut = pieces.length > last ? [...pieces.slice(0, last), pieces.slice(last).join(':')] : pieces
  return cut.map((piece) => ({ kind: 'text', text: piece }))
}
