/** Shorter values stand in too many texts by chance. */
const minLength = 8
const minDistinct = 4

/** Words of everyday configuration: as a secret they are worth nothing, masked they would be missing in every log. */
const everyday: ReadonlySet<string> = new Set([
  '127.0.0.1',
  'administrator',
  'application',
  'database',
  'development',
  'disabled',
  'information',
  'localhost',
  'password',
  'postgres',
  'postgresql',
  'preproduction',
  'production',
  'required',
  'undefined',
  'username',
])
const region = /^[a-z]{2}(?:-[a-z]{2,12}){1,3}-\d{1,2}$/

const hasVariety = (text: string): boolean => {
  const distinct = new Set<number>()
  for (let at = 0; at < text.length && distinct.size < minDistinct; at += 1) distinct.add(text.charCodeAt(at))
  return distinct.size === minDistinct
}

/** Whether each character follows the one before it: `12345678`, `hgfedcba`. */
const isRun = (text: string): boolean => {
  const step = text.charCodeAt(1) - text.charCodeAt(0)
  if (step !== 1 && step !== -1) return false
  for (let at = 2; at < text.length; at += 1) if (text.charCodeAt(at) - text.charCodeAt(at - 1) !== step) return false
  return true
}

/**
 * Whether the value is looked for in texts: 8 characters or more, 4 of them different, no run of neighbours, and no
 * word of everyday configuration. What is not is masked by its key alone.
 */
export const isWorthFinding = (text: string): boolean =>
  text.length >= minLength &&
  hasVariety(text) &&
  !isRun(text) &&
  !(text.length <= 30 && (everyday.has(text.toLowerCase()) || region.test(text)))
