/**
 * Characters by which a form is known; no form is shorter. Of each character the lower byte counts, so that a window
 * is two words.
 */
export const windowLength = 8

/** Four characters of the text as one word, the first in the lowest byte. */
export const wordAt = (text: string, at: number): number =>
  (text.charCodeAt(at) & 255) |
  ((text.charCodeAt(at + 1) & 255) << 8) |
  ((text.charCodeAt(at + 2) & 255) << 16) |
  ((text.charCodeAt(at + 3) & 255) << 24)

/** The four characters that begin `shift` characters after the first of `low`, which `high` follows. */
export const shiftedWord = (low: number, high: number, shift: number): number =>
  shift === 0 ? low : (low >>> (shift * 8)) | (high << (32 - shift * 8))

/** A number that stands for five characters: a word and the one after it. */
export const fiveHash = (word: number, after: number): number =>
  Math.imul(word, 0x9e3779b1) ^ Math.imul((after & 255) + 1, 0x85ebca6b)

/** A second number for the same five. */
export const otherHash = (hash: number): number => Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35)

/** A number that stands for the whole window. */
export const windowHash = (low: number, high: number): number => {
  const hash = Math.imul(low ^ (low >>> 15), 0x9e3779b1) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35)
  return Math.imul(hash ^ (hash >>> 16), 0x85ebca6b) >>> 0
}
