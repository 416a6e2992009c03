import { execFileSync } from 'node:child_process'
import { BytesValue } from '@keyplane/core'
import { describe, expect, it } from 'vitest'
import { createMasker } from '../masker.ts'
import { createValueRegistry } from './value-registry.ts'

const secret = `g"T7 p$Q2\\x!Zk'9/é&<ö>+~`
const inJson = (text: string): string => JSON.stringify(text).slice(1, -1)
const asUnicode = (text: string): string =>
  text.replace(/[^\0-\x7f]/g, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`)
const encode = encodeURIComponent
const strictly = (text: string): string =>
  encode(text).replace(/[!'()*]/g, (found) => `%${found.charCodeAt(0).toString(16).toUpperCase()}`)
const small = (text: string): string => text.replace(/%../g, (code) => code.toLowerCase())
const form = (text: string): string => new URLSearchParams({ a: text }).toString().slice(2)
const bash = (script: string): string => execFileSync('bash', ['-c', script, 'bash', secret], { encoding: 'utf8' })

const forms: Record<string, string> = {
  raw: secret,
  'JSON in JSON': inJson(inJson(secret)),
  JSON: inJson(secret),
  'JSON in ASCII': asUnicode(inJson(secret)),
  'JSON without HTML': inJson(secret).replace(/[<>&]/g, (found) => `\\u00${found.charCodeAt(0).toString(16)}`),
  "PHP's JSON": asUnicode(inJson(secret)).replaceAll('/', '\\/'),
  'a part of an URL': encode(secret),
  'a part of an URL in small hex': small(encode(secret)),
  'a part of an URL, strictly': strictly(secret),
  'a part of an URL, strictly, in small hex': small(strictly(secret)),
  "Python's quote": strictly(secret).replaceAll('%2F', '/'),
  "a form's field": form(secret),
  "a form's field in small hex": small(form(secret)),
  'single quotes of a shell': secret.replaceAll("'", `'\\''`),
  "single quotes as Python's shlex writes them": secret.replaceAll("'", `'"'"'`),
  'double quotes of a shell': secret.replace(/[\\"$`]/g, '\\$&'),
  "Bash's backslashes": bash('LC_ALL=C.UTF-8; printf %q "$1"'),
  "Bash's trace": bash('exec 2>&1; PS4=; set -x; : "$1"').trim(),
  hex: Buffer.from(secret).toString('hex'),
  'capital hex': Buffer.from(secret).toString('hex').toUpperCase(),
}

const { text } = createMasker({ values: hold(secret) })

function hold(...values: readonly (string | BytesValue)[]) {
  const values_ = createValueRegistry()
  for (const value of values) values_.hold(value)
  return values_
}

describe('a value is found', () => {
  it.each(Object.entries(forms))('as %s', (_, shown) => {
    expect(text(`x ${shown} y`)).toMatch(/^x (?:: ')?\*\*\*\*'? y$/)
  })

  it.each([0, 1, 2, 3, 4])('in base64 after %i other bytes, as far as it determines the characters', (before) => {
    const bytes = Buffer.concat([Buffer.alloc(before, 1), Buffer.from(secret), Buffer.alloc(4, 2)])
    for (const alphabet of ['base64', 'base64url'] as const) {
      const shown = text(bytes.toString(alphabet))
      expect(shown).toMatch(/^[\w+/=-]{0,8}\*\*\*\*[\w+/=-]{0,9}$/)
      expect(Buffer.from(shown, alphabet).toString('latin1')).not.toContain('T7 p')
    }
  })

  it('in the credentials of a header', () => {
    const header = Buffer.from(`ada:${secret}`).toString('base64')
    expect(text(`x ${header}`)).toMatch(/^x YWRhO[\w+/]?\*\*\*\*/)
  })

  it('where it is bytes that are no text: as one character a byte, in hex and in base64', () => {
    const bytes = Uint8Array.from({ length: 16 }, (_, index) => 255 - index * 7)
    const masker = createMasker({ values: hold(new BytesValue(bytes)) })
    const buffer = Buffer.from(bytes)
    for (const shown of [buffer.toString('latin1'), buffer.toString('hex')]) expect(masker.text(shown)).toBe('****')
    expect(masker.text(buffer.toString('base64'))).toMatch(/^\*\*\*\*.?={0,2}$/)
    expect(Buffer.from(masker.data({ buffer }).buffer).includes(buffer)).toBe(false)
  })

  it('in long texts, at the end of one piece and the beginning of the next', () => {
    for (let before = 65_480; before < 65_560; before += 1)
      expect(text(`${'.'.repeat(before)}${secret}.`)).toBe(`${'.'.repeat(before)}****.`)
  })

  it('among values that begin and end alike', () => {
    const many = Array.from({ length: 300 }, (_, index) => `postgres://app:${1_000 + index}@db/app`)
    const masker = createMasker({ values: hold(...many) })
    for (const value of many) expect(masker.text(`<${value}>`)).toBe('<****>')
  })
})

describe('a span that is masked', () => {
  it('takes the whole of an escape', () => {
    const masker = createMasker({ values: hold('nabcd1234', 'zabcd123\\') })
    for (const line of [
      '{"a":"\\nabcd1234"}',
      '{"a":"zabcd123\\""}',
      '{"a":"\\\\nabcd1234","b":"zabcd123\\\\"}',
      '{"a":"\\u00e9","b":"zabcd123\\n"}',
    ]) {
      const shown = masker.text(line)
      expect(() => JSON.parse(shown) as unknown).not.toThrow()
      expect(() => JSON.parse(masker.line(line)) as unknown).not.toThrow()
    }
  })

  it('joins those that overlap, and leaves those apart that touch', () => {
    const masker = createMasker({ values: hold('abcd1234', '1234wxyz', 'touching9') })
    expect(masker.text('abcd1234wxyz')).toBe('****')
    expect(masker.text('abcd1234touching9')).toBe('********')
  })
})
