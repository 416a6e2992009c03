import type { Comparison } from './comparison.ts'
import { comparisonOf } from './comparison-of.ts'

const decimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/

const numberOf = (text: string): number | undefined => (decimal.test(text) ? Number(text) : undefined)

/** Numbers, compared as IEEE doubles. What is no number in the request is neither equal, less nor greater. */
export const numbers = (holds: (given: number, wanted: number) => boolean): Comparison =>
  comparisonOf({ expects: 'a number', wanted: numberOf, given: numberOf, holds })
