import type { RequestContext } from '../request.ts'
import { globMatches, globOf } from './glob.ts'
import { areFixed, type Fixed, resolved, type Token, type TokenOptions, tokensOf } from './tokens.ts'

/** Whether a text of a request is one that the policy means. */
export type TextPattern = (given: string, context: RequestContext) => boolean

export interface TextPatternOptions extends TokenOptions {
  /** Whether the pattern is put in lower case, as the given text then has to be. */
  readonly ignoreCase?: boolean
}

/** A pattern over a whole text, or `undefined` where a variable is malformed. A variable without a value fits nothing. */
export const textPattern = (value: string, options: TextPatternOptions): TextPattern | undefined => {
  const tokens = tokensOf(value, options)
  return tokens && patternOf(tokens, options.ignoreCase ? lowerCase : asIs)
}

const patternOf = (tokens: readonly Token[], spelled: (tokens: readonly Fixed[]) => readonly Fixed[]): TextPattern => {
  if (areFixed(tokens)) {
    const glob = globOf(spelled(tokens))
    return (given) => globMatches(glob, given)
  }
  return (given, context) => {
    const fixed = resolved(tokens, context)
    return fixed !== undefined && globMatches(globOf(spelled(fixed)), given)
  }
}

const asIs = (tokens: readonly Fixed[]): readonly Fixed[] => tokens

const lowerCase = (tokens: readonly Fixed[]): readonly Fixed[] =>
  tokens.map((token) => (token.kind === 'text' ? { kind: 'text', text: token.text.toLowerCase() } : token))
