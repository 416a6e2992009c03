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

/**
 * The ways in which a value is written. Each writes a beginning of the value as a beginning of what it writes for the
 * whole. A way's place in the list is its number.
 */
const ways: readonly Write[] = [
  ({ text }) => text,
  ({ text }) => inJson(text),
  ({ text }) => inJson(inJson(text)),
  // Python writes ASCII only, Go no HTML, PHP escapes slashes as well.
  ({ text }) => inJson(text).replace(/[^\0-\x7f]/g, unicodeEscape),
  ({ text }) => inJson(text).replace(/[<>&\u2028\u2029]/g, unicodeEscape),
  ({ text }) =>
    inJson(text)
      .replace(/[^\0-\x7f]/g, unicodeEscape)
      .replaceAll('/', '\\/'),
  percent(component, 'upper'),
  percent(component, 'lower'),
  percent(strict, 'upper'),
  percent(strict, 'lower'),
  percent(path, 'upper'),
  percent(path, 'lower'),
  percent(form, 'upper', '+'),
  percent(form, 'lower', '+'),
  ({ text }) => text.replaceAll("'", `'\\''`),
  ({ text }) => text.replaceAll("'", `'"'"'`),
  ({ text }) => text.replace(/[^\w./:=@%+^\-\u0080-\uffff]/g, '\\$&'),
  ({ text }) => text.replace(/[\\"$`]/g, '\\$&'),
  ansiC,
  base64(0, 'base64'),
  base64(1, 'base64'),
  base64(2, 'base64'),
  base64(0, 'base64url'),
  base64(1, 'base64url'),
  base64(2, 'base64url'),
  hex,
  (value) => hex(value).toUpperCase(),
]

/** How many ways there are to write a value. */
export const wayCount: number = ways.length

/** Bytes that are no text are not escaped as one. */
const firstPercent = 6
const firstShell = 14
const firstBytes = 19

/** The value written in one of the ways. */
export const writeValue = (value: KnownValue, way: number): string => ways[way]?.(value) ?? ''

/** The numbers of the ways that make something of the value that those before them do not, with what they make. */
export const formsOf = (value: KnownValue): ReadonlyMap<string, number> => {
  const forms = new Map<string, number>()
  for (let way = 0; way < wayCount; way += 1) {
    const asText = (way > 0 && way < firstPercent) || (way >= firstShell && way < firstBytes)
    if (value.binary && asText) continue
    const written = writeValue(value, way)
    if (!forms.has(written)) forms.set(written, way)
  }
  return forms
}
