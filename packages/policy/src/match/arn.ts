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

/**
 * A pattern over ARNs, compared part by part: a wildcard in one of the first five never reaches into the next. `*` alone is
 * everything. `undefined` where the value is neither that nor an ARN, or a variable is malformed.
 * @param withoutValue whether the pattern fits where a variable has no value
 */
export const arnPattern = (value: string, variables: boolean, withoutValue = false): ArnPattern | undefined => {
  if (value === '*') return () => true
  const tokens = tokensOf(value, { variables, wildcards: true })
  if (tokens === undefined) return undefined
  if (areFixed(tokens)) {
    const globs = globsOf(tokens)
    return globs && ((given) => given !== undefined && fits(globs, given))
  }
  if (!value.startsWith('arn:') && tokens[0]?.kind !== 'variable') return undefined
  return (given, context) => {
    const fixed = resolved(tokens, context)
    if (fixed === undefined) return withoutValue
    const globs = globsOf(fixed)
    return globs !== undefined && given !== undefined && fits(globs, given)
  }
}

const fits = (globs: readonly Glob[], given: ArnParts): boolean => {
  for (let at = 0; at < globs.length; at += 1) {
    const glob = globs[at]
    if (glob === undefined || !globMatches(glob, given[at] ?? '')) return false
  }
  return true
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
