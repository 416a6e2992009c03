/**
 * Whether a pattern takes a whole text, as in an IAM policy: `*` is any characters, slashes and none included, `?` one of
 * them. Its time grows with the two lengths multiplied, whatever they hold.
 */
export const globMatches = (pattern: string, text: string): boolean => {
  let at = 0
  let from = 0
  /** Where the last star stood, and up to where it has taken the text. */
  let star = -1
  let taken = 0
  while (from < text.length) {
    if (at < pattern.length && pattern[at] === '*') {
      star = at
      taken = from
      at += 1
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === text[from])) {
      at += 1
      from += 1
    } else if (star >= 0) {
      taken += 1
      at = star + 1
      from = taken
    } else return false
  }
  while (pattern[at] === '*') at += 1
  return at === pattern.length
}
