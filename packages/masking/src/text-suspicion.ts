import { type LowerBytes, lowerBytes } from './lower-bytes.ts'

/**
 * Words without which, and without a `=`, a `:`, a `%` or two dashes, a text holds nothing that the rules look for:
 * schemes, commands, SQL, beginnings of tokens that are known by their form. Each is given by its rarest letter, at
 * which a text is looked at closely, after those before it. `text-suspicion.test.ts` holds them against the rules.
 */
const words: readonly string[] = [
  // sshpass, mysql, mariadb
  'sshp',
  'ysq',
  'iadb',
  // password, identified
  'assw',
  'ntif',
  // ghp_…, github_pat_…, sk_live_…, sk_test_…
  ...Array.from('pousr', (kind) => `gh${kind}_`),
  'hub_',
  'sk_',
  'rk_',
  // xoxb-…, hooks.slack.com, eyJ…
  'xox',
  'lack',
  'eyj',
]

const smallLetter = 0x20
const two = 0xffff
const three = 0xffffff

/** The letters before the last of each word, as one number, by that last one. */
const beforeLast: (readonly { readonly letters: number; readonly bits: number }[] | undefined)[] = []
beforeLast.length = 256
for (const word of words) {
  const codes = Array.from(word, (letter) => letter.charCodeAt(0) | smallLetter)
  const last = codes.pop() ?? 0
  const letters = codes.reduce((sum, code) => (sum << 8) | code, 0)
  beforeLast[last] = [...(beforeLast[last] ?? []), { letters, bits: codes.length === 2 ? two : three }]
}

/** Characters at which a text is looked at closely, capital letters as small ones. */
const telling: Uint8Array = new Uint8Array(256)
for (const word of words) {
  telling[word.charCodeAt(word.length - 1)] = 1
  telling[word.toUpperCase().charCodeAt(word.length - 1)] = 1
}
for (const character of 'bB=:-%"\\') telling[character.charCodeAt(0)] = 1

const quotationMark = 34
const backslash = 92
const dash = 45
const smallB = 98
const beginsBearer = (101 << 8) | 97
const beginsBasic = (97 << 8) | 115
/** What a stretch of a text is, as far as one look at each character tells. */
export interface Look {
  /** The place of the quotation mark that ends it; the text's length if none does. */
  end: number
  /** Whether the rules for texts may find something in it. */
  suspicious: boolean
  /** Whether a backslash is in it: it does not read as it is written. */
  escaped: boolean
}

const small = (bytes: Uint8Array, at: number): number => (bytes[at] ?? 0) | smallLetter

const isSuspect = (bytes: Uint8Array, at: number, code: number): boolean => {
  if (code === dash) return bytes[at - 1] === dash
  if (code === 61 || code === 58 || code === 37) return true
  const letter = code | smallLetter
  // bearer, basic: there is no rarer letter in them than their first.
  if (letter === smallB) {
    const next = (small(bytes, at + 1) << 8) | small(bytes, at + 2)
    if (next === beginsBearer || next === beginsBasic) return true
  }
  const ends = beforeLast[letter]
  if (ends === undefined) return false
  const before = (small(bytes, at - 3) << 16) | (small(bytes, at - 2) << 8) | small(bytes, at - 1)
  for (const { letters, bits } of ends) if ((before & bits) === letters) return true
  return false
}

let pairsMade: Uint8Array | undefined

/** The same for two characters at once: most need no look one by one. Made when it is first needed. */
const tellingPairs = (): Uint8Array => {
  const pairs = new Uint8Array(65_536)
  for (let pair = 0; pair < pairs.length; pair += 1)
    pairs[pair] = (telling[pair & 255] ?? 0) | (telling[pair >> 8] ?? 0)
  pairsMade = pairs
  return pairs
}

/**
 * Looks at a text from `start` on; a text of JSON up to its closing quotation mark. The answer is in `look`. What looks
 * like a mark of JSON in the lower bytes is looked up in the text itself.
 */
export const lookAt = (
  text: string,
  { bytes, pairs }: LowerBytes,
  start: number,
  inJson: boolean,
  look: Look,
): void => {
  const { length } = text
  const tellingPair = pairsMade ?? tellingPairs()
  let suspicious = false
  let escaped = false
  let at = start
  for (; at < length; at += 1) {
    if ((at & 1) === 0) while (at < length && tellingPair[pairs[at >> 1] as number] === 0) at += 2
    if (at >= length) break
    const code = bytes[at] as number
    if (telling[code] === 0) continue
    if (code === quotationMark || code === backslash) {
      if (!inJson || text.charCodeAt(at) !== code) continue
      if (code === quotationMark) break
      escaped = true
      at += 1
    } else if (!suspicious && isSuspect(bytes, at, code)) suspicious = true
  }
  look.end = Math.min(at, length)
  look.suspicious = suspicious
  look.escaped = escaped
}

const whole: Look = { end: 0, suspicious: false, escaped: false }
const bytesOf = lowerBytes()

/** Whether the rules for texts may find something in the text. */
export const isSuspicious = (text: string): boolean => {
  lookAt(text, bytesOf(text), 0, false, whole)
  return whole.suspicious
}
