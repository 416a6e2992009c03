import { areFixed, tokensOf } from '../match/tokens.ts'
import type { Comparison } from './comparison.ts'
import { equalTextIgnoringCase } from './text.ts'

const isTruth = (text: string): boolean => /^(?:true|false)$/i.test(text)

/** `true` or `false`. */
export const truth: Comparison = {
  expects: 'true or false',
  compile: (value, variables) => {
    const tokens = tokensOf(value, { variables, wildcards: false })
    if (tokens === undefined || (areFixed(tokens) && !isTruth(value))) return undefined
    const same = equalTextIgnoringCase.compile(value, variables)
    return same && ((given, context) => isTruth(given) && same(given, context))
  },
}
