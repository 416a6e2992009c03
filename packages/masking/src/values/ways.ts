/** A value as the matcher knows it. */
export interface KnownValue {
  /** The text, or one character a byte for bytes that are no UTF-8 text. */
  readonly text: string
  readonly binary: boolean
}

/** A way to write a value: what another way wrote, written anew. */
interface Way {
  /** The number of the other way. */
  readonly of: number
  /** What it changes. Where there is nothing of it, both write the same. */
  readonly changes: RegExp
  readonly rewrite: (form: string, value: KnownValue) => string
}

const bytesOf = ({ text, binary }: KnownValue, before = ''): Buffer =>
  Buffer.from(before + text, binary ? 'latin1' : 'utf8')

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1)

const unicodeEscape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

const percentSign = 37
const capitals = Buffer.from('0123456789ABCDEF')
const smalls = Buffer.from('0123456789abcdef')

/** Each byte that is one of these characters as `%XX`; a table and not a `replace`, for whole files are written so. */
const percent = (changes: RegExp, digits: Buffer = capitals): Way => {
  const isChanged = Uint8Array.from({ length: 256 }, (_, code) => (changes.test(String.fromCharCode(code)) ? 1 : 0))
  const rewrite = (_: string, value: KnownValue): string => {
    const bytes = bytesOf(value)
    const written = Buffer.allocUnsafe(bytes.length * 3)
    let length = 0
    for (const byte of bytes)
      if (isChanged[byte] === 0) written[length++] = byte
      else {
        written[length++] = percentSign
        written[length++] = digits[byte >> 4] as number
        written[length++] = digits[byte & 15] as number
      }
    return written.toString('latin1', 0, length)
  }
  return { of: 0, changes, rewrite }
}

const replace = (of: number, changes: RegExp, by: string | ((found: string) => string)): Way => {
  const all = new RegExp(changes, 'g')
  return { of, changes, rewrite: (form) => form.replace(all, by as string) }
}

const replaceEach = (of: number, by: Readonly<Record<string, string>>): Way => {
  const pairs = Object.entries(by)
  const changes = new RegExp(pairs.map(([found]) => found.replace(/[*()+]/, '\\$&')).join('|'))
  return { of, changes, rewrite: (form) => pairs.reduce((text, [found, shown]) => text.replaceAll(found, shown), form) }
}

const always = /^/

/** The characters that the value alone determines, where `before` bytes stand between it and a group's beginning. */
const base64 = (before: 0 | 1 | 2): Way => ({
  of: 0,
  changes: always,
  rewrite: (_, value) => {
    const bytes = bytesOf(value, '\0'.repeat(before))
    return bytes.toString('base64').slice(before === 0 ? 0 : before + 1, Math.floor((bytes.length * 8) / 6))
  },
})

const base64url = (of: number): Way => replaceEach(of, { '+': '-', '/': '_' })

const json = (of: number): Way => ({ of, changes: /[^ !#-[\]-\ud7ff\ue000-\uffff]/, rewrite: inJson })

const component = /[^\w.~!*'()-]/

const asIs: Way = { of: 0, changes: /$^/, rewrite: (form) => form }

/**
 * Ways to write any value. First what `encodeURIComponent`, strict encoders, Python's `quote` and HTML's forms write as
 * `%XX`, with capital hex and with small; what an URL's parser makes of the first in a query, and of a value that was
 * put there as it is; then base64 and hex.
 */
const waysOfAll: readonly Way[] = [
  asIs,
  percent(component),
  { ...percent(component, smalls), of: 1, changes: /%(?:[A-F]|.[A-F])/ },
  replaceEach(1, { '!': '%21', '*': '%2A', "'": '%27', '(': '%28', ')': '%29' }),
  replaceEach(2, { '!': '%21', '*': '%2a', "'": '%27', '(': '%28', ')': '%29' }),
  replaceEach(3, { '%2F': '/' }),
  replaceEach(4, { '%2f': '/' }),
  replaceEach(3, { '%2A': '*', '~': '%7E', '%20': '+' }),
  replaceEach(4, { '%2a': '*', '~': '%7e', '%20': '+' }),
  replaceEach(1, { "'": '%27' }),
  percent(/[^!$-&(-;=?-~]/),
  base64(0),
  base64(1),
  base64(2),
  base64url(11),
  base64url(12),
  base64url(13),
  { of: 0, changes: always, rewrite: (_, value) => bytesOf(value).toString('hex') },
  { of: 17, changes: /[a-f]/, rewrite: (form) => form.toUpperCase() },
]

/** How Bash quotes control characters: `$'…'`. */
const ansiC: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** Ways to write a text; bytes that are none are not escaped as one. */
const waysOfTexts: readonly Way[] = [
  json(0),
  json(19),
  // Python writes ASCII only, Go no HTML, PHP escapes slashes as well.
  replace(19, /[^\0-\x7f]/, unicodeEscape),
  replace(19, /[<>&\u2028\u2029]/, unicodeEscape),
  replace(21, /\//, '\\/'),
  replace(0, /'/, () => `'\\''`),
  replace(0, /'/, () => `'"'"'`),
  // Bash's printf %q, and Ruby's Shellwords.
  replace(0, /^[~#]|[^\w./:=@%+~#\-\u0080-\uffff]/, '\\$&'),
  replace(0, /[^\w.,:+/@\n\-\u0080-\uffff]/, '\\$&'),
  replace(0, /[\\"$`]/, '\\$&'),
  replace(0, /[\\'\n\r\t]/, (found) => ansiC[found] ?? `\\${found}`),
]

/**
 * The ways in which a value is written. Each writes a beginning of the value as a beginning of what it writes for the
 * whole. A way's place in the list is its number; it comes after the way that it writes anew.
 */
const ways: readonly Way[] = [...waysOfAll, ...waysOfTexts]

/** How many ways there are. */
export const wayCount: number = ways.length

/** The value written in one of the ways. */
export const writeIn = (value: KnownValue, number: number): string => {
  const way = ways[number]
  if (!way || way === asIs) return value.text
  return way.rewrite(writeIn(value, way.of), value)
}

/** What the ways write for the value, each form once, by the number of the first way that writes it. */
export const formsOf = (value: KnownValue): ReadonlyMap<number, string> => {
  const written: string[] = [value.text]
  const known = new Set(written)
  const forms = new Map([[0, value.text]])
  const count = value.binary ? waysOfAll.length : ways.length
  for (let number = 1; number < count; number += 1) {
    const { of, changes, rewrite } = ways[number] as Way
    const source = written[of] as string
    const form = changes.test(source) ? rewrite(source, value) : source
    written.push(form)
    if (form === source || known.has(form)) continue
    known.add(form)
    forms.set(number, form)
  }
  return forms
}
