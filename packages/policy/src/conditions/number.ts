import type { Comparison } from './comparison.ts'

const decimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/

const numberOf = (text: string): number | undefined => (decimal.test(text) ? Number(text) : undefined)

/** Numbers, compared as IEEE doubles. What is no number in the request is neither equal, less nor greater. */
export const numbers = (holds: (given: number, wanted: number) => boolean): Comparison => ({
  expects: 'a number',
  compile: (value) => {
    const wanted = numberOf(value)
    if (wanted === undefined) return undefined
    return (text) => {
      const given = numberOf(text)
      return given !== undefined && holds(given, wanted)
    }
  },
})
