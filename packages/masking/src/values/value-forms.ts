import { isWorthFinding } from './worth-finding.ts'

/** A value as the matcher knows it. */
export interface KnownValue {
  /** The text, or one character a byte for bytes that are no UTF-8 text. */
  readonly text: string
  readonly binary: boolean
}

type Write = (value: KnownValue) => string

const bytesOf = ({ text, binary }: KnownValue): Buffer => Buffer.from(text, binary ? 'latin1' : 'utf8')

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1)

const unicodeEscape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

const percent =
  (kept: RegExp, hex: 'upper' | 'lower', blank = '%20'): Write =>
  (value) =>
    bytesOf(value)
      .toString('latin1')
      .replace(kept, (byte) => {
        if (byte === ' ') return blank
        const code = byte.charCodeAt(0).toString(16).padStart(2, '0')
        return `%${hex === 'upper' ? code.toUpperCase() : code}`
      })

/** What `encodeURIComponent`, strict encoders, Python's `quote` and HTML's forms write as `%XX`. */
const component = /[^\w.~!*'()-]/g
const strict = /[^\w.~-]/g
const path = /[^\w.~/-]/g
const form = /[^\w.*-]/g
/** What an URL's parser makes of the first in a query, and of a value that was put there as it is. */
const query = /[^\w.~!*()-]/g
const parsed = /[^!$-&(-;=?-~]/g

/** The characters that the value alone determines, where `before` bytes stand between it and a group's beginning. */
const base64 =
  (before: 0 | 1 | 2, alphabet: 'base64' | 'base64url'): Write =>
  (value) => {
    const bytes = bytesOf(value)
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString(alphabet)
    return text.slice(before === 0 ? 0 : before + 1, Math.floor(((before + bytes.length) * 8) / 6))
  }

const hex: Write = (value) => bytesOf(value).toString('hex')

/** How Bash quotes control characters: `$'…'`. */
const ansiC: Write = ({ text }) =>
  text.replace(/[\\'\n\r\t]/g, (found) => ({ '\n': '\\n', '\r': '\\r', '\t': '\\t' })[found] ?? `\\${found}`)

/** Ways to write any value. */
const waysOfAll: readonly Write[] = [
  ({ text }) => text,
  percent(component, 'upper'),
  percent(component, 'lower'),
  percent(strict, 'upper'),
  percent(strict, 'lower'),
  percent(path, 'upper'),
  percent(path, 'lower'),
  percent(form, 'upper', '+'),
  percent(form, 'lower', '+'),
  percent(query, 'upper'),
  percent(parsed, 'upper'),
  base64(0, 'base64'),
  base64(1, 'base64'),
  base64(2, 'base64'),
  base64(0, 'base64url'),
  base64(1, 'base64url'),
  base64(2, 'base64url'),
  hex,
  (value) => hex(value).toUpperCase(),
]

/** Ways to write a text; bytes that are none are not escaped as one. */
const waysOfTexts: readonly Write[] = [
  ({ text }) => inJson(text),
  ({ text }) => inJson(inJson(text)),
  // Python writes ASCII only, Go no HTML, PHP escapes slashes as well.
  ({ text }) => inJson(text).replace(/[^\0-\x7f]/g, unicodeEscape),
  ({ text }) => inJson(text).replace(/[<>&\u2028\u2029]/g, unicodeEscape),
  ({ text }) =>
    inJson(text)
      .replace(/[^\0-\x7f]/g, unicodeEscape)
      .replaceAll('/', '\\/'),
  ({ text }) => text.replaceAll("'", `'\\''`),
  ({ text }) => text.replaceAll("'", `'"'"'`),
  // Bash's printf %q, and Ruby's Shellwords.
  ({ text }) => text.replace(/^[~#]|[^\w./:=@%+~#\-\u0080-\uffff]/g, '\\$&'),
  ({ text }) => text.replace(/[^\w.,:+/@\n\-\u0080-\uffff]/g, '\\$&'),
  ({ text }) => text.replace(/[\\"$`]/g, '\\$&'),
  ansiC,
]

/**
 * The ways in which a value is written. Each writes a beginning of the value as a beginning of what it writes for the
 * whole. A way's place in the list is its number.
 */
const ways: readonly Write[] = [...waysOfAll, ...waysOfTexts]

/** The number of one more way: a line of a value with many, as it is. */
export const lineWay: number = ways.length
/** Where a form is found: in texts, in streams of bytes, where its characters are bytes of UTF-8, or in both. */
export type Domain = 0 | 1 | 2
export const everywhere: Domain = 0
export const inTexts: Domain = 1
export const inBytes: Domain = 2

const isAscii = (text: string): boolean => /^[\0-\x7f]*$/.test(text)

/** One character a byte of the text in UTF-8. */
const asBytes = (text: string): string => (isAscii(text) ? text : Buffer.from(text).toString('latin1'))

/** The value written in one of the ways; for streams, one character a byte. */
export const writeValue = (value: KnownValue, way: number, domain: Domain): string => {
  const written = ways[way]?.(value) ?? ''
  return domain === inBytes ? asBytes(written) : written
}

/** Calls back with every form of the value that is unlike those before it. */
export const eachForm = (value: KnownValue, take: (form: string, way: number, domain: Domain) => void): void => {
  const known = new Set<string>()
  for (let way = 0; way < ways.length; way += 1) {
    if (value.binary && way >= waysOfAll.length) continue
    const form = writeValue(value, way, everywhere)
    if (known.has(form)) continue
    known.add(form)
    if (value.binary || isAscii(form)) take(form, way, everywhere)
    else {
      take(form, way, inTexts)
      take(asBytes(form), way, inBytes)
    }
  }
}

/** A line that may be one of a key's or a certificate's: without blanks, long enough to be nothing else. */
const keyLine = /^[\w+/=-]{24,}(?=\r?$)/gm

/** Where the lines of a value begin that are looked for by themselves, since logs show text line by line. */
export const linesOf = ({ text }: KnownValue): readonly number[] =>
  text.includes('\n')
    ? [...text.matchAll(keyLine)].filter(([line]) => isWorthFinding(line)).map(({ index }) => index)
    : []

/** The line of the value that the place is in. */
export const lineAt = ({ text }: KnownValue, place: number): { readonly start: number; readonly line: string } => {
  const start = text.lastIndexOf('\n', place) + 1
  return { start, line: /^[\w+/=-]*/.exec(text.slice(start))?.[0] ?? '' }
}
