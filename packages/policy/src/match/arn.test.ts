import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { requestContext } from '../request-context.ts'
import { arnParts, arnPattern } from './arn.ts'

const fits = (pattern: string, arn: string, context: Record<string, string> = {}): boolean | undefined =>
  arnPattern(pattern, { variables: true })?.(arnParts(arn), requestContext(context))

describe('an ARN pattern', () => {
  it('has six parts, of which the last keeps its colons', () => {
    expect(arnParts('arn:aws:secretsmanager:eu-central-1:111111111111:secret:a:b')).toEqual([
      'arn',
      'aws',
      'secretsmanager',
      'eu-central-1',
      '111111111111',
      'secret:a:b',
    ])
    expect(arnParts('arn:aws:iam::1')).toBeUndefined()
    expect(arnParts('urn:aws:iam::1:x')).toBeUndefined()
  })

  it.each(['arn:aws:s3', 'secret', '', 'arn:*', '**', 'brn:a:b:c:d:e', '${'])('is not %j', (pattern) => {
    expect(arnPattern(pattern, { variables: true })).toBeUndefined()
  })

  it('lets a wildcard reach over colons in the last part only', () => {
    expect(fits('arn:aws:x:*:1:y', 'arn:aws:x:a:b:1:y')).toBe(false)
    expect(fits('arn:aws:x:::*', 'arn:aws:x:::a:b:c')).toBe(true)
    expect(fits('arn:aws:x:::a*c', 'arn:aws:x:::a:b:c')).toBe(true)
  })

  it.each([
    ['arn:aws:x:*:y', 'arn:aws:x:a:1:y', undefined],
    ['arn:aws:x:*:1:y', 'arn:aws:x:a:b:1:y', true],
    ['arn:aws:x:*:y:z', 'arn:aws:x:a:1:y:z', true],
    ['arn:aws:*:1:y:z', 'arn:aws:x:a:1:y:z', true],
    ['arn:aws:x*:b*:1:y', 'arn:aws:xx:a:bb:a:1:y', true],
    ['arn:aws:x*:b*:1:y', 'arn:aws:xx:a:cb:a:1:y', false],
    ['arn:aws:x:*b:1:y', 'arn:aws:x:a:b:1:y', false],
    ['arn:aws:x:?:y:z', 'arn:aws:x:a:1:y:z', false],
    ['arn:aws:x:**:y:z', 'arn:aws:x:a:1:y:z', true],
    ['arn:aws:x:*:1:z*', 'arn:aws:x:a:1:y:z', false],
    ['arn:aws:*:*:*:*', 'arn:aws:x:a:1:y', true],
    ['arn:*:*:*:*:*', 'arn:aws:x:a:1', false],
  ])('that reaches, as %s, meets %s: %s', (pattern, arn, met) => {
    const options = { variables: true, reaching: true }
    expect(arnPattern(pattern, options)?.(arnParts(arn), requestContext({}))).toBe(met)
  })

  it('matches itself, for every ARN without wildcards', () => {
    const part = fc.string({ unit: fc.constantFrom('a', '-', '/', '1'), maxLength: 4 })
    const arns = fc.tuple(part, part, part, part, fc.string({ unit: fc.constantFrom('a', ':', '/'), maxLength: 6 }))
    fc.assert(
      fc.property(arns, arns, (one, other) => {
        const [left, right] = [`arn:${one.join(':')}`, `arn:${other.join(':')}`]
        expect(fits(left, left)).toBe(true)
        expect(fits(left, right)).toBe(left === right)
      }),
    )
  })

  it('may be a variable as a whole, in conditions', () => {
    const arn = 'arn:aws:iam::111111111111:role/api'
    expect(fits('${aws:PrincipalArn}', arn, { 'aws:PrincipalArn': arn })).toBe(true)
    expect(fits('${aws:PrincipalArn}', arn, { 'aws:PrincipalArn': 'arn:aws:iam::111111111111:role/*' })).toBe(false)
    expect(fits('${aws:PrincipalArn}', arn, { 'aws:PrincipalArn': 'api' })).toBe(false)
  })
})
