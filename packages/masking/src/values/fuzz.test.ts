import { BytesValue } from '@keyplane/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createStreamMasker } from '../mask-stream.ts'
import { createMasker } from '../masker.ts'
import { mergeSpans, maskSpans } from './spans.ts'
import { eachForm, everywhere, inBytes, inTexts, type Domain } from './value-forms.ts'
import { createValueRegistry, type ValueRegistry } from './value-registry.ts'
import { isWorthFinding } from './worth-finding.ts'

/** Few letters, so that values begin alike, hold each other, and overlap; those that forms escape; some that bytes need. */
const letter = fc.constantFrom(
  ...Array.from('abAB01'),
  '"',
  '\\',
  "'",
  ' ',
  '+',
  '/',
  '&',
  '%',
  '\n',
  'é',
  '€',
  '😀',
  '*',
  'n',
  'u',
)
const value = fc.oneof(
  { weight: 4, arbitrary: fc.array(letter, { minLength: 8, maxLength: 24 }).map((letters) => letters.join('')) },
  { weight: 2, arbitrary: fc.string({ minLength: 8, maxLength: 60, unit: 'binary' }) },
  { weight: 1, arbitrary: fc.string({ minLength: 8, maxLength: 20 }).map((text) => `abc****${text}`) },
)
const base = fc.array(value, { minLength: 1, maxLength: 5 })
/** Beginnings, ends and insides of the others as values of their own. */
const values = fc
  .tuple(base, fc.nat(40), fc.nat(40))
  .map(([texts, cut, other]) => [
    texts,
    texts.slice(0, 2).map((text) => text.slice(0, 8 + (cut % text.length))),
    texts.slice(1, 3).map((text) => text.slice(other % text.length)),
  ])
  .map((lists) => lists.flat())

const formsOf = (texts: readonly string[], domain: Domain): string[] =>
  texts.filter(isWorthFinding).flatMap((text) => {
    const forms: string[] = []
    eachForm({ text, binary: false }, (form, _, own) => {
      if (own === everywhere || own === domain) forms.push(form)
    })
    return forms
  })

/** A text of pieces: forms of the values, parts of them, and what stands between. */
const textOf = (texts: readonly string[]) => {
  const forms = formsOf(texts, inTexts)
  const form = forms.length === 0 ? fc.constant('') : fc.constantFrom(...forms)
  const part = fc.tuple(form, fc.nat(), fc.nat()).map(([text, a, b]) => text.slice(a % 9, b % (text.length + 1)))
  const between = fc.array(letter, { maxLength: 6 }).map((letters) => letters.join(''))
  return fc
    .array(fc.oneof(form, part, between), { maxLength: 8 })
    .map((parts) => Buffer.from(parts.join('')).toString())
}

const spansOf = (text: string, forms: readonly string[]) =>
  forms.flatMap((form) => {
    const spans = []
    for (let at = text.indexOf(form); at !== -1; at = text.indexOf(form, at + 1))
      spans.push({ start: at, end: at + form.length })
    return spans
  })

/** What masking has to give, found form by form. */
const expected = (text: string, forms: readonly string[]): string => {
  const spans = spansOf(text, forms)
  return spans.length === 0 ? text : maskSpans(text, mergeSpans(text, spans))
}

const registryOf = (texts: readonly string[]) => {
  const registry = createValueRegistry()
  for (const text of texts) registry.hold(text)
  return registry
}

const pump = (bytes: Buffer, values: ValueRegistry, cut: (at: number) => number): Buffer => {
  const masker = createStreamMasker({ values })
  const shown: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const next = at + cut(at)
    shown.push(masker.push(bytes.subarray(at, next)))
    at = next
  }
  return Buffer.concat([...shown, masker.end()])
}

const scene = values.chain((texts) => fc.tuple(fc.constant(texts), textOf(texts)))

describe('masking by value', () => {
  it('masks in a text what a search form by form finds', () => {
    fc.assert(
      fc.property(scene, ([texts, text]) => {
        const masker = createMasker({ values: registryOf(texts) })
        const shown = expected(text, formsOf([...texts, ...texts.map((one) => one.trim())], inTexts))
        expect(masker.text(text)).toBe(createMasker({ values: false }).text(shown))
      }),
      { numRuns: 6_000 },
    )
  }, 120_000)

  it('masks in a stream of single bytes what it masks in the whole, and that is what a search form by form finds', () => {
    fc.assert(
      fc.property(scene, fc.nat(9), ([texts, text], size) => {
        const bytes = Buffer.from(text)
        const forms = formsOf([...texts, ...texts.map((one) => one.trim())], inBytes)
        const wanted = expected(bytes.toString('latin1'), forms)
        const registry = registryOf(texts)
        expect(forms.filter((form) => !form.includes('*') && wanted.includes(form))).toEqual([])
        expect(pump(bytes, registry, () => 1).toString('latin1')).toBe(wanted)
        expect(pump(bytes, registry, (at) => 1 + ((at * 7) % (size + 1))).toString('latin1')).toBe(wanted)
        expect(pump(bytes, registry, () => bytes.length).toString('latin1')).toBe(wanted)
      }),
      { numRuns: 4_000 },
    )
  }, 120_000)

  it('masks bytes that are no text in streams, wherever they are cut', () => {
    const byte = fc.constantFrom(0, 1, 10, 34, 65, 92, 128, 195, 254, 255)
    const bytes = fc.array(byte, { minLength: 8, maxLength: 20 }).map((list) => Buffer.from([...list, 255, 254]))
    fc.assert(
      fc.property(fc.array(bytes, { minLength: 1, maxLength: 3 }), fc.array(bytes), fc.nat(9), (held, other, size) => {
        const registry = createValueRegistry()
        for (const value of held) registry.hold(new BytesValue(value))
        const whole = Buffer.concat(other.flatMap((piece, index) => [piece, held[index % held.length] ?? piece]))
        const forms = held
          .map((value) => ({ text: value.toString('latin1'), binary: true }))
          .filter(({ text }) => isWorthFinding(text))
          .flatMap((value) => {
            const written: string[] = []
            eachForm(value, (form) => written.push(form))
            return written
          })
        const wanted = expected(whole.toString('latin1'), forms)
        expect(pump(whole, registry, () => 1).toString('latin1')).toBe(wanted)
        expect(pump(whole, registry, (at) => 1 + ((at * 5) % (size + 1))).toString('latin1')).toBe(wanted)
      }),
      { numRuns: 1_000 },
    )
  }, 120_000)
})
