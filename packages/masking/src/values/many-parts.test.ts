import { BytesValue } from '@keyplane/core'
import { describe, expect, it } from 'vitest'
import { createMasker } from '../masker.ts'
import { jsonParts } from './json-parts.ts'
import { TextIndex } from './text-index.ts'
import { createValueRegistry } from './value-registry.ts'
import { WindowTable } from './window-table.ts'
import { isWorthFinding } from './worth-finding.ts'

// Sizes at which time in proportion to the size is far below a test's limit, and time in proportion to its square far
// beyond it.
const many = 400_000
const textsOf = (count: number, text: (index: number) => string): string[] =>
  Array.from({ length: count }, (_, index) => text(index))

describe('the time for a value grows no faster than the value, with', () => {
  it('texts and numbers in JSON', () => {
    const count = many / 4
    const texts = textsOf(count, (index) => `value-of-item-${index * 7_919}`)
    const escaped = textsOf(count, (index) => `a "quoted" item ${index}`)
    const numbers = textsOf(count, (index) => String(10_000_000 + index))
    const parts = new Set(jsonParts(JSON.stringify([texts, escaped, numbers.map(Number)])))
    expect(parts.size).toBe(3 * count)
    expect([...texts, ...escaped, ...numbers].filter((part) => !parts.has(part))).toEqual([])
  })

  it('forms that all have the same window', () => {
    const table = new WindowTable()
    for (let form = 0; form < many; form += 1) table.add(1, 2, form, 0)
    expect(table.countOf(1, 2, Number.POSITIVE_INFINITY)).toBe(many)
    table.retain((form) => form % 2 === 0)
    expect(table.countOf(1, 2, Number.POSITIVE_INFINITY)).toBe(many / 2)
    expect(table.first(2, 1)).toBe(-1)
  })

  it('texts that are alike but for characters in their middle', () => {
    const index = new TextIndex<{ text: string; binary: boolean; next: undefined }>()
    const around = 'x'.repeat(50)
    const texts = textsOf(many / 8, (number) => `${around}${String(number).padStart(6, '0')}${around}`)
    for (const text of texts) index.add({ text, binary: false, next: undefined })
    expect(texts.every((text) => index.find({ text, binary: false })?.text === text)).toBe(true)
    expect(index.find({ text: `${around}999999${around}`, binary: false })).toBeUndefined()
    index.retain(({ text }) => text === texts[7])
    expect(index.size).toBe(1)
    expect(texts.filter((text) => index.find({ text, binary: false }))).toEqual([texts[7]])
    index.retain(() => false)
    expect(index.size).toBe(0)
  })

  it('few different characters', () => {
    const two = 'a'.repeat(5 * many) + 'b'.repeat(5 * many)
    expect(isWorthFinding(two)).toBe(false)
    expect(isWorthFinding(`${two}cd`)).toBe(true)
  })
})

describe('a JSON value with many texts', () => {
  const kinds: Record<string, (index: number) => string> = {
    'with a common beginning': (index) => `value-of-item-${index * 7_919}`,
    'that differ in their middle': (index) => `${'abcdefgh'.repeat(8)}${index + 10_000}${'ijklmnop'.repeat(8)}`,
    'of few different characters': (index) => `flag${index.toString(2).padStart(16, '0')}`,
    'whose characters have the same lower byte': (index) =>
      String.fromCharCode(
        ...[1, 2, 3, 4, 5, 6, 7 + (index % 100), 8 + Math.floor(index / 100)].map((at) => at * 256 + 97),
      ),
    'with escapes': (index) => `"quoted"\n${index + 10_000}/é`,
  }

  it.each(Object.entries(kinds))('has each found: texts %s', (_, text) => {
    const values = createValueRegistry()
    const texts = textsOf(5_000, text)
    values.note(new BytesValue(Buffer.from(JSON.stringify(texts))))
    const { text: masked } = createMasker({ values })
    for (const each of texts.filter((_, index) => index % 500 === 0))
      for (const form of [each, encodeURIComponent(each), Buffer.from(each).toString('hex')])
        expect(masked(`it is ${form}.`)).toBe('it is ****.')
  })
})
