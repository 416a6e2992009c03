import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { requestContext } from '../request-context.ts'
import { textPattern } from './text-pattern.ts'
import { areFixed, tokensOf } from './tokens.ts'

const options = { variables: true, wildcards: true }
const like = (value: string, given: string, context: Record<string, string | string[]>): boolean | undefined =>
  textPattern(value, options)?.(given, requestContext(context))

describe('a value of a policy', () => {
  it.each([
    '${',
    '${}',
    '${aws:username',
    '${username}',
    '${aws:}',
    '${:x}',
    "${aws:username, 'it's'}",
    '${aws:username, nobody}',
    '${a:${b:c}}',
    '${**}',
  ])('is malformed with %s', (value) => {
    expect(tokensOf(value, options)).toBeUndefined()
  })

  it.each(['$', '$$', '{aws:username}', '$ {aws:username}', '}', 'a${*}b'])('has no variable in %s', (value) => {
    const tokens = tokensOf(value, options)
    expect(tokens && areFixed(tokens)).toBe(true)
  })

  it('has a default that may be empty and may hold what elsewhere is special', () => {
    expect(like("a${x:y, ''}b", 'ab', {})).toBe(true)
    expect(like("${x:y, '*'}", '*', {})).toBe(true)
    expect(like("${x:y, '*'}", 'z', {})).toBe(false)
    expect(like("${x:y,'{}'}", '{}', {})).toBe(true)
  })

  it('takes a value of a variable as text, whatever it holds', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('*', '?', '$', '{', '}', 'a', ':') }),
        fc.string({ unit: fc.constantFrom('*', '?', '$', '{', '}', 'a', ':') }),
        (value, given) => {
          expect(like('${x:y}', given, { 'x:y': value })).toBe(given === value)
          expect(like('<${x:y}>*', `<${given}>`, { 'x:y': value })).toBe(given === value)
        },
      ),
    )
  })

  it('is text altogether where the version knows no variables', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('$', '{', '}', 'a', ':', "'", ',') }), (value) => {
        const tokens = tokensOf(value, { variables: false, wildcards: false })
        expect(tokens).toEqual(value === '' ? [] : [{ kind: 'text', text: value }])
      }),
    )
  })

  it('never fails on any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        tokensOf(value, options)
      }),
    )
  })
})
