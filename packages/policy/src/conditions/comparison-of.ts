import type { Comparison } from './comparison.ts'

interface Reading<Given, Wanted> {
  /** What a policy's value has to be: `a number`. */
  readonly expects: string
  /** What a policy's value says; `undefined` where it is not what is expected. */
  readonly wanted: (value: string) => Wanted | undefined
  /** What a request's value says; `undefined` where it says nothing that could be compared. */
  readonly given: (text: string) => Given | undefined
  readonly holds: (given: Given, wanted: Wanted) => boolean
}

/** A comparison of what texts say. What says nothing in the request does not hold, however it is compared. */
export const comparisonOf = <Given, Wanted>(reading: Reading<Given, Wanted>): Comparison => ({
  expects: reading.expects,
  compile: (value) => {
    const wanted = reading.wanted(value)
    if (wanted === undefined) return undefined
    return (text) => {
      const given = reading.given(text)
      return given !== undefined && reading.holds(given, wanted)
    }
  },
})
