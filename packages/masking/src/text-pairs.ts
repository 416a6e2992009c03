import { isSecret, type KeyRules, type Verdict } from './key-rules.ts'
import { mask } from './mask.ts'
import { valueBelow } from './text-block.ts'
import { isProse } from './text-prose.ts'
import { type TextValueSpan, valueAt } from './text-value.ts'

/** A place in a source file, as stack traces name it: `token.ts:12:3`. */
const sourceFile = /\.(?:[cm]?[jt]sx?|json|ya?ml|toml|py|rb|go|rs|java|php|cs)$/i
const position = /:\d+(?::\d+)?(?![\w])/y

interface TextKey {
  readonly name: string
  /** The quotes around the key with their backslashes, empty for none. */
  readonly quote: string
  /** The quote right before the key where it is not the key's own: `-H "Cookie: …"`. */
  readonly wrap: string
}

const maxKeyLength = 128
const spaces = /[ \t]*/y
const quotedKey = /(\\*["'`])\]?$/
/** The last word of a two-word name, as people write it: `api key: …`. */
const secondWord = /^(?:key|id|string|phrase|word)$/i
const header = /^(?:proxy-)?authorization$|^(?:set-)?cookie$|^passphrase$/i

/** The value of a field in a form that stands encoded in an URL: up to the next field, `%26`. */
const encodedValue = /(?:[^\s&"'<>%;,()]|%(?!26))*/y
const noValue = /^(?:null|undefined|none|nil)?$/i

const skipSpaces = (text: string, at: number): number => {
  spaces.lastIndex = at
  return at + (spaces.exec(text)?.[0].length ?? 0)
}

/** Whether the character is one of those that names without quotes are made of: letters, digits, `_`, `.`, `-`. */
const isNameCharacter = (code: number): boolean =>
  (code >= 97 && code <= 122) ||
  (code >= 65 && code <= 90) ||
  (code >= 48 && code <= 57) ||
  code === 95 ||
  code === 46 ||
  code === 45

const isQuote = (character: string | undefined): boolean => character === '"' || character === "'" || character === '`'

const quotedKeyBefore = (text: string, end: number): TextKey | undefined => {
  const before = text.slice(Math.max(0, end - maxKeyLength), end)
  const closing = quotedKey.exec(before)
  const quote = closing?.[1] ?? ''
  const start = closing ? before.lastIndexOf(quote.slice(-1), closing.index - 1) : -1
  return closing && start !== -1 ? { name: before.slice(start + 1, closing.index), quote, wrap: '' } : undefined
}

/** The key that ends where the separator begins, if there is one. */
const keyBefore = (text: string, separator: number): TextKey | undefined => {
  let end = separator
  while (end > 0 && (text[end - 1] === ' ' || text[end - 1] === '\t')) end--
  if (isQuote(text[end - 1]) || text[end - 1] === ']') return quotedKeyBefore(text, end)
  const first = Math.max(0, end - maxKeyLength)
  let start = end
  while (start > first && isNameCharacter(text.charCodeAt(start - 1))) start--
  if (start === end) return undefined
  const name = text.slice(start, end)
  const wrap = isQuote(text[start - 1]) ? (text[start - 1] ?? '') : ''
  if (!secondWord.test(name)) return { name, quote: '', wrap }
  const previous = /([\w-]+) $/.exec(text.slice(Math.max(0, start - maxKeyLength), start))?.[1]
  return { name: previous === undefined ? name : `${previous} ${name}`, quote: '', wrap }
}

const isSecretSpan = (verdict: Verdict, span: TextValueSpan, text: string, assigned: boolean): boolean => {
  const value = text.slice(span.start, span.end)
  if (span.kind === 'quoted') return isSecret(verdict, value)
  if (span.kind === 'nested') return true
  if (noValue.test(value)) return false
  if (verdict !== 'unless-number' && /^-?\d+(?:\.\d+)?$/.test(value)) return isSecret(verdict, Number(value))
  if (value === 'true' || value === 'false') return isSecret(verdict, value === 'true')
  // "pass: 3 of 4", "auth: failed" are prose; "pass=x" is not.
  return verdict === 'text' ? assigned : isSecret(verdict, value)
}

/** Where the value begins after the separator at `at`, or -1 where it separates no key from a value. */
const valueStart = (text: string, at: number): number => {
  if (text[at] === '%') return at + 3
  if (text[at] === ':') {
    if (text.startsWith('//', at + 1)) return -1
    return skipSpaces(text, text[at + 1] === '=' ? at + 2 : at + 1)
  }
  // `password==x` gives a value, `token == x` and `token === x` compare two.
  if (text[at + 1] === '=')
    return /[\w"'\]]/.test(text[at - 1] ?? '') && /[^\s=]/.test(text[at + 2] ?? ' ') ? at + 2 : -1
  if (/[=!<>:]/.test(text[at - 1] ?? '')) return -1
  if (text[at + 1] === '>') return skipSpaces(text, at + 2)
  return /[ \t]/.test(text[at - 1] ?? '') ? skipSpaces(text, at + 1) : at + 1
}

const isPosition = (key: TextKey, text: string, separator: number): boolean => {
  position.lastIndex = separator
  return sourceFile.test(key.name) && position.test(text)
}

const spanAfter = (text: string, at: number, start: number, key: TextKey, verdict: Verdict): TextValueSpan => {
  if (text[at] === '%') {
    encodedValue.lastIndex = start
    return { start, end: start + (encodedValue.exec(text)?.[0].length ?? 0), quote: '', kind: 'bare' }
  }
  const isColon = text[at] === ':'
  const below = isColon && verdict !== 'text' ? valueBelow(text, at + 1) : undefined
  return below
    ? { ...below, quote: '', kind: 'bare' }
    : valueAt(text, start, isColon && header.test(key.name), key.wrap)
}

/** The text with the value of every secret key in it masked: `password=…`, `"token": "…"`, `Cookie: …`. */
export const maskPairs = (text: string, rules: KeyRules): string => {
  const separators = /[=:]|%3[Dd]/g
  let shown = ''
  let from = 0
  for (let found = separators.exec(text); found; found = separators.exec(text)) {
    const key = keyBefore(text, found.index)
    const verdict = key ? rules(key.name) : 'keep'
    if (!key || verdict === 'keep' || isPosition(key, text, found.index)) continue
    // Encoded text has encoded quotes.
    if (found[0].length > 1 && key.quote !== '') continue
    const start = valueStart(text, found.index)
    // An object that stays is not read to its end: that would be done again for each key in it.
    if (start === -1 || (/[{[]/.test(text[start] ?? '') && !isSecret(verdict, {}))) continue
    const assigned = found[0] !== ':'
    const span = spanAfter(text, found.index, start, key, verdict)
    if (!isSecretSpan(verdict, span, text, assigned)) continue
    if (!assigned && span.kind === 'bare' && key.quote === '' && isProse(text, span.start, key.name)) continue
    // What stands for a number or an object in JSON has to be a text, for the JSON to stay readable.
    const quote = span.kind === 'quoted' ? '' : key.quote
    shown += `${text.slice(from, span.start)}${quote}${mask}${quote}`
    from = span.end
    separators.lastIndex = Math.max(span.end, found.index + 1)
  }
  return from === 0 ? text : shown + text.slice(from)
}

const option = /(?<![\w-])--([A-Za-z][\w.-]{0,60})[ \t]+(?=[^\s-])/g

/** The text with the word after every secret option masked: `--token abc`. */
export const maskOptions = (text: string, rules: KeyRules): string => {
  let shown = ''
  let from = 0
  for (const found of text.matchAll(option)) {
    const at = found.index + found[0].length
    if (at <= from || !isSecret(rules(found[1] ?? ''), '')) continue
    const span = valueAt(text, at, false, '')
    shown += text.slice(from, span.start) + mask
    from = span.end
  }
  return from === 0 ? text : shown + text.slice(from)
}
