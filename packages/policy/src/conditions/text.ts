import { textPattern } from '../match/text-pattern.ts'
import type { Comparison } from './comparison.ts'

const expects = 'text with well-formed variables'

/** The same text. */
export const equalText: Comparison = {
  expects,
  compile: (value, variables) => textPattern(value, { variables, wildcards: false }),
}

/** The same text, whatever the case of its letters, also of those that a variable brings. */
export const equalTextIgnoringCase: Comparison = {
  expects,
  compile: (value, variables) => {
    const pattern = textPattern(value, { variables, wildcards: false, ignoreCase: true })
    return pattern && ((given, context) => pattern(given.toLowerCase(), context))
  },
}

/** Text with `*` and `?`. */
export const likeText: Comparison = {
  expects,
  compile: (value, variables) => textPattern(value, { variables, wildcards: true }),
}
