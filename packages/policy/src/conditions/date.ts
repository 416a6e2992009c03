import type { Comparison } from './comparison.ts'
import { comparisonOf } from './comparison-of.ts'

/** @see https://www.w3.org/TR/NOTE-datetime */
const w3c = /^\d{4}(?:-\d{2}(?:-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?)?)?$/
/** Seconds since 1970; four digits alone are a year. */
const epoch = /^-?(?:\d{1,3}|\d{5,13})(?:\.\d{1,9})?$/

const momentOf = (text: string): number | undefined => {
  const ms = w3c.test(text) ? Date.parse(text) : epoch.test(text) ? Number(text) * 1000 : Number.NaN
  return Number.isNaN(ms) ? undefined : ms
}

/** Moments, to the millisecond. What is no date in the request is neither equal, earlier nor later. */
export const dates = (holds: (given: number, wanted: number) => boolean): Comparison =>
  comparisonOf({
    expects: 'a date as ISO 8601 has it, or seconds since 1970',
    wanted: momentOf,
    given: momentOf,
    holds,
  })
