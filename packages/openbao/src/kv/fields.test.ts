import { BytesValue, sameValue, TextValue } from '@keyplane/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fieldsOfValue, sameFields, valueOfFields } from './fields.ts'

const textOf = (fields: Record<string, unknown>): unknown => valueOfFields(fields).reveal()

describe('a map of fields as a value', () => {
  it('is the text of its only field `value`', () => {
    expect(textOf({ value: 'plain' })).toBe('plain')
    expect(textOf({ value: '' })).toBe('')
  })

  it('is the bytes of its only field `value_base64`, where that is base64', () => {
    expect(valueOfFields({ value_base64: 'AP8=' })).toMatchObject({ kind: 'bytes' })
    expect(textOf({ value_base64: 'not base64' })).toBe('{"value_base64":"not base64"}')
  })

  it('is its JSON otherwise, with its names in order', () => {
    expect(textOf({ username: 'u', password: 'p', 10: 'x' })).toBe('{"10":"x","password":"p","username":"u"}')
    expect(textOf({ value: 5 })).toBe('{"value":5}')
    expect(textOf({ value: 'a', other: null })).toBe('{"other":null,"value":"a"}')
    expect(textOf({})).toBe('{}')
  })

  it('is no value where it is nested without a measure', () => {
    const deep: unknown = JSON.parse(`${'['.repeat(200_000)}${']'.repeat(200_000)}`)
    expect(() => valueOfFields({ x: deep })).toThrow(expect.objectContaining({ code: 'bad_response' }))
  })
})

describe('a value as a map of fields', () => {
  it.each([
    ['plain', { value: 'plain' }],
    ['{"username":"u","password":"p"}', { username: 'u', password: 'p' }],
    [' {"password": "p"} ', { password: 'p' }],
    ['{"port":5432,"password":"p"}', { value: '{"port":5432,"password":"p"}' }],
    ['{"value":"x"}', { value: '{"value":"x"}' }],
    ['{"value_base64":"AP8="}', { value: '{"value_base64":"AP8="}' }],
    ['{"a":"1","a":"2"}', { value: '{"a":"1","a":"2"}' }],
    ['{}', { value: '{}' }],
    ['[]', { value: '[]' }],
    ['"x"', { value: '"x"' }],
    ['5', { value: '5' }],
    ['', { value: '' }],
    ['{"":"x"}', { value: '{"":"x"}' }],
  ])('%j becomes %j', (text, fields) => {
    expect(fieldsOfValue(new TextValue(text))).toEqual(fields)
  })

  it('holds bytes as base64', () => {
    expect(fieldsOfValue(new BytesValue(Uint8Array.of(0, 255)))).toEqual({ value_base64: 'AP8=' })
    expect(fieldsOfValue(new BytesValue(new Uint8Array()))).toEqual({ value_base64: '' })
  })

  it('is refused where OpenBao would change it', () => {
    expect(() => fieldsOfValue(new TextValue('half \ud83d'))).toThrow(/Unicode/)
    expect(() => fieldsOfValue(new TextValue('{"a":"\\ud83d"}'))).toThrow(/Unicode/)
  })

  it('comes back equal: texts to the letter, bytes to the bit, objects of texts as the same object', () => {
    const value = fc.oneof(
      fc.string({ unit: 'grapheme' }).map((text) => new TextValue(text)),
      fc.uint8Array().map((bytes) => new BytesValue(bytes)),
      fc.json().map((text) => new TextValue(text)),
      fc
        .dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }))
        .map((fields) => new TextValue(JSON.stringify(fields))),
    )
    const asWritten = (one: TextValue | BytesValue): unknown => {
      try {
        return one.kind === 'text' ? JSON.parse(one.reveal()) : one
      } catch {
        return one
      }
    }
    fc.assert(
      fc.property(value, (written) => {
        let fields: Readonly<Record<string, string>>
        try {
          fields = fieldsOfValue(written)
        } catch {
          return
        }
        // What OpenBao does with a map: it keeps it as JSON.
        const read = valueOfFields(JSON.parse(JSON.stringify(fields)) as Record<string, unknown>)
        if (!sameValue(read, written)) expect(asWritten(read)).toEqual(asWritten(written))
        expect(Object.values(fields).every((field) => typeof field === 'string')).toBe(true)
      }),
    )
  })

  it('is the same whatever the order of its names', () => {
    expect(sameFields({ a: '1', b: '2' }, { b: '2', a: '1' })).toBe(true)
    expect(sameFields({ a: '1' }, { a: 1 })).toBe(false)
  })
})
