import { UsageError } from './usage-error.ts'

/** A count that was given as an argument. @throws UsageError where it is none, or 0. */
export const parseCount = (text: string): number => {
  const count = Number(text)
  if (!/^\d+$/.test(text) || count < 1) throw new UsageError(`${JSON.stringify(text)} is no count; give 1 or more.`)
  return count
}
