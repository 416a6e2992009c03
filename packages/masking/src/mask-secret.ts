import { mask } from './mask.ts'

/** A shorter value would give away too much of itself by its last four characters. */
const minLongLength = 16

/**
 * A value made recognisable to its owner and useless to anyone else: `****` and the last 4 characters of a value of 16
 * characters or more, `****` alone for a shorter one or one that ends in white space.
 */
export const maskSecret = (value: string): string => {
  const tail = Array.from(value.slice(-8)).slice(-4).join('')
  return value.length >= minLongLength && !/\s/.test(tail) ? mask + tail : mask
}
