import {
  countedNames,
  describingWords,
  positionPrefix,
  questionPrefix,
  secretLastNames,
  secretLastWords,
  secretStems,
  secretWholeKeys,
} from './key-words.ts'

/**
 * What a key says about its value: `mask` it whatever it is, `keep` it, or look at the value: `text` masks texts and
 * bytes, `unless-number` keeps counts, `unless-flag` keeps yes and no, `uuid` masks UUIDs.
 */
export type Verdict = 'mask' | 'keep' | 'text' | 'unless-number' | 'unless-flag' | 'uuid'

/** Judges a key, whatever its spelling: `API_KEY`, `apiKey` and `x-api.key` are one. */
export type KeyRules = (key: string) => Verdict

/** Keys come from logged data, so the memory of them is bounded. */
const maxRemembered = 2_000
/** Nothing longer is a name; a judgement costs time in proportion to the length. */
const maxKeyLength = 200

const squash = (key: string): string => key.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '')

const wordsOf = (key: string): readonly string[] =>
  key
    .replace(/(\p{Ll}|\p{N})(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')

/** Whether `rest` is nothing but describing words, one after the other. */
const describes = (rest: string): boolean => {
  const reachable = new Set([0])
  for (let start = 0; start < rest.length; start++) {
    if (!reachable.has(start)) continue
    for (let end = start + 1; end <= Math.min(rest.length, start + 12); end++)
      if (describingWords.has(rest.slice(start, end))) reachable.add(end)
  }
  return reachable.has(rest.length)
}

/** The secret name that ends last in the key; of two that end together, the longer. */
const lastStem = (squashed: string): { readonly start: number; readonly end: number } | undefined => {
  let found: { start: number; end: number } | undefined
  for (const stem of secretStems) {
    const start = squashed.lastIndexOf(stem)
    const end = start + stem.length
    if (start >= 0 && (!found || end > found.end || (end === found.end && start < found.start))) found = { start, end }
  }
  return found
}

const judgeWeak = (key: string, squashed: string): Verdict => {
  const last = wordsOf(key).at(-1) ?? ''
  if (secretLastNames.has(last)) return 'mask'
  return secretWholeKeys.has(squashed) || secretLastWords.has(last) ? 'text' : 'keep'
}

const judgeBuiltIn = (key: string): Verdict => {
  const squashed = squash(key)
  const stem = lastStem(squashed)
  if (!stem) return judgeWeak(key, squashed)
  const before = squashed.slice(0, stem.start)
  const isToken = squashed.startsWith('token', stem.start)
  const rest = squashed.slice(stem.end)
  const plural = rest.startsWith('s') && !describes(rest)
  const after = plural ? rest.slice(1) : rest
  // The Secrets Manager API calls a secret's name SecretId; the same key holds a UUID where it is an AppRole's credential.
  if (squashed.endsWith('secretid')) return 'uuid'
  if (after !== '' && describes(after)) return 'keep'
  if (isToken && after === '' && positionPrefix.test(before)) return 'keep'
  if (isToken && after === '' && plural) return 'unless-number'
  if (countedNames.test(squashed) && squashed.length === stem.end + (plural ? 1 : 0)) return 'unless-number'
  return questionPrefix.test(before) ? 'unless-flag' : 'mask'
}

/** Remembers the answers of `judge`, up to a bound. */
const remembering = (judge: KeyRules): KeyRules => {
  const remembered = new Map<string, Verdict>()
  return (key) => {
    const known = remembered.get(key)
    if (known) return known
    if (key.length > maxKeyLength) return judge(key.slice(-maxKeyLength))
    if (remembered.size >= maxRemembered) remembered.clear()
    const verdict = judge(key)
    remembered.set(key, verdict)
    return verdict
  }
}

const builtInRules: KeyRules = remembering(judgeBuiltIn)

/** Whether some words of the key that stand together make up the wanted name, so that `ssn` is not in `className`. */
const holdsName = (words: readonly string[], wanted: ReadonlySet<string>): boolean =>
  words.some((_, start) => {
    let run = ''
    return words.slice(start).some((word) => wanted.has((run += word)))
  })

/** The built-in rules, and `keys` besides: a key that holds one of them as a whole word or words is secret. */
export const createKeyRules = (keys: readonly string[] = []): KeyRules => {
  const wanted = new Set(keys.map(squash).filter((key) => key !== ''))
  if (wanted.size === 0) return builtInRules
  return remembering((key) => (wanted.has(squash(key)) || holdsName(wordsOf(key), wanted) ? 'mask' : builtInRules(key)))
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

const isCount = (value: unknown): boolean =>
  typeof value === 'number' || typeof value === 'bigint' || (typeof value === 'string' && /^\d{1,9}$/.test(value))

/** Whether the field is to be masked. Nothing there (`null`, `undefined`) is nothing to hide. */
export const isSecret = (verdict: Verdict, value: unknown): boolean => {
  if (verdict === 'keep' || value === null || value === undefined) return false
  if (verdict === 'text') return typeof value === 'string' || ArrayBuffer.isView(value)
  if (verdict === 'unless-number') return !isCount(value)
  if (verdict === 'unless-flag') return typeof value !== 'boolean'
  if (verdict === 'uuid') return typeof value === 'string' && uuid.test(value)
  return true
}

/** Whether the two texts are a secret field's name and value. Two secret names are a list of names. */
export const isSecretPair = (rules: KeyRules, name: string, text: string): boolean =>
  isSecret(rules(name), text) && rules(text) === 'keep'
