import type { Comparison } from './comparison.ts'

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** Bytes, written as base64 on both sides. */
export const equalBytes: Comparison = {
  expects: 'base64',
  compile: (value) => (base64.test(value) ? (given) => given === value : undefined),
}
