import { arnParts, arnPattern } from '../match/arn.ts'
import type { Comparison } from './comparison.ts'

/** An ARN, part by part, each with `*` and `?`. */
export const likeArn: Comparison = {
  expects: 'an ARN of six parts, or *',
  compile: (value, variables) => {
    const pattern = arnPattern(value, { variables })
    return pattern && ((given, context) => pattern(arnParts(given), context))
  },
}
