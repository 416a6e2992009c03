import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { requestContext } from '../request-context.ts'
import { conditionOf } from './condition.ts'
import { type OperatorName, operators } from './operators.ts'

const key = 'aws:x'

const holds = (operator: string, values: readonly string[], given: readonly string[] | undefined): boolean => {
  const condition = conditionOf({ operator, key, values, variables: true })
  if (!('holds' in condition)) throw new Error(`${operator} ${condition.message}`)
  return condition.holds(requestContext({ [key]: given }))
}

const readable = (operator: string, value: string): boolean =>
  'holds' in conditionOf({ operator, key, values: [value], variables: true })

/** Values that each family can read. */
const samples: Readonly<Record<string, readonly string[]>> = {
  String: ['', 'a', 'A', 'a*', 'ab'],
  Numeric: ['0', '-1', '1.5', '1e3', '1000'],
  Date: ['2026', '2026-11', '2026-11-22T10:00:00Z', '1795341600', '0'],
  Bool: ['true', 'false', 'TRUE'],
  Binary: ['', 'QQ==', 'QUI='],
  Ip: ['10.0.0.1', '10.0.0.0/8', '::1', '::/0'],
  Not: ['10.0.0.1', '10.0.0.0/8', '::1', '::/0'],
  Arn: ['*', 'arn:aws:iam::1:user/a', 'arn:aws:iam::*:user/*'],
}

const names = Object.keys(operators) as OperatorName[]
const cases = fc.constantFrom(...names).chain((name) => {
  const values = fc.constantFrom(...(samples[/^[A-Z][a-z]+/.exec(name)?.[0] ?? ''] ?? []))
  return fc.record({
    name: fc.constant(name),
    values: fc.array(values, { minLength: 1, maxLength: 3 }),
    given: fc.array(fc.oneof(values, fc.constantFrom('', 'x')), { minLength: 1, maxLength: 3 }),
  })
})

const opposites: ReadonlyArray<readonly [OperatorName, OperatorName]> = [
  ['StringEquals', 'StringNotEquals'],
  ['StringEqualsIgnoreCase', 'StringNotEqualsIgnoreCase'],
  ['StringLike', 'StringNotLike'],
  ['NumericEquals', 'NumericNotEquals'],
  ['DateEquals', 'DateNotEquals'],
  ['IpAddress', 'NotIpAddress'],
  ['ArnEquals', 'ArnNotEquals'],
  ['ArnLike', 'ArnNotLike'],
]

describe('a condition', () => {
  it('and its negation never agree', () => {
    fc.assert(
      fc.property(cases, fc.boolean(), ({ name, values, given }, present) => {
        const pair = opposites.find((names) => names.includes(name))
        fc.pre(pair !== undefined)
        const seen = present ? given : undefined
        expect(holds(pair[0], values, seen)).toBe(!holds(pair[1], values, seen))
      }),
    )
  })

  it('with IfExists holds without the key, and is as without IfExists where the key is there', () => {
    fc.assert(
      fc.property(cases, fc.constantFrom('', 'ForAllValues:', 'ForAnyValue:'), ({ name, values, given }, set) => {
        expect(holds(`${set}${name}IfExists`, values, undefined)).toBe(true)
        expect(holds(`${set}${name}IfExists`, values, given)).toBe(holds(`${set}${name}`, values, given))
      }),
    )
  })

  it('with a set operator is every or any of its answers to single values', () => {
    fc.assert(
      fc.property(cases, ({ name, values, given }) => {
        const single = given.map((value) => holds(name, values, [value]))
        const empty = given.every((value) => value === '')
        expect(holds(`ForAllValues:${name}`, values, given)).toBe(empty || !single.includes(false))
        expect(holds(`ForAnyValue:${name}`, values, given)).toBe(!empty && single.includes(true))
      }),
    )
  })

  it('does not mind the order of values', () => {
    fc.assert(
      fc.property(cases, ({ name, values, given }) => {
        expect(holds(name, values.toReversed(), given.toReversed())).toBe(holds(name, values, given))
      }),
    )
  })

  it('with no values to compare with holds only where it is negated', () => {
    expect(holds('StringEquals', [], ['a'])).toBe(false)
    expect(holds('StringNotEquals', [], ['a'])).toBe(true)
  })

  it('takes a key with no values for an absent one', () => {
    const condition = conditionOf({ operator: 'Null', key, values: ['true'], variables: false })
    expect('holds' in condition && condition.holds(new Map([[key, []]]))).toBe(true)
  })
})

describe('numbers and dates', () => {
  it('are ordered', () => {
    const numbers = fc.double({ noNaN: true, noDefaultInfinity: true })
    fc.assert(
      fc.property(numbers, numbers, (given, wanted) => {
        const answers = (family: string, one: string, other: string): readonly boolean[] =>
          ['LessThan', 'Equals', 'GreaterThan', 'LessThanEquals', 'GreaterThanEquals'].map((order) =>
            holds(`${family}${order}`, [other], [one]),
          )
        const order = [given < wanted, given === wanted, given > wanted, given <= wanted, given >= wanted]
        expect(answers('Numeric', String(given), String(wanted))).toEqual(order)
      }),
    )
  })

  it.each(['', ' 1', '1 ', '0x10', 'Infinity', 'NaN', '1,5', '1e', '--1', '.'])('are not %j', (value) => {
    expect(readable('NumericEquals', value)).toBe(false)
    expect(holds('NumericLessThan', ['5'], [value])).toBe(false)
    expect(holds('NumericGreaterThan', ['-5'], [value])).toBe(false)
  })

  it.each(['2026-13-01', '2026-11-22T10:00', '2026-11-22 10:00:00Z', '2026-1-1', '22.11.2026', 'now', ''])(
    'are not the date %j',
    (value) => {
      expect(readable('DateEquals', value)).toBe(false)
    },
  )

  it.each([
    ['2026', '2026-01-01T00:00:00Z'],
    ['2026-11', '2026-11-01T00:00:00Z'],
    ['2026-11-22', '2026-11-22T00:00Z'],
    ['2026-11-22T10:00:00.5Z', '2026-11-22T11:00:00.500+01:00'],
    ['2026-11-22T10:00:00Z', '1795341600'],
    ['1795341600.5', '2026-11-22T10:00:00.500Z'],
  ])('%s is %s', (one, other) => {
    expect(holds('DateEquals', [one], [other])).toBe(true)
  })
})

describe('addresses', () => {
  it('of IPv4 are in a range where their leading bits agree', () => {
    const addresses = fc.nat(0xffff_ffff)
    const dotted = (bits: number): string =>
      [24, 16, 8, 0].map((shift) => Math.floor(bits / 2 ** shift) % 256).join('.')
    fc.assert(
      fc.property(addresses, addresses, fc.nat(32), fc.nat(0xffff), (one, far, prefix, noise) => {
        for (const given of [far, Math.floor(one / 0x10000) * 0x10000 + noise]) {
          const inside = Math.floor(one / 2 ** (32 - prefix)) === Math.floor(given / 2 ** (32 - prefix))
          expect(holds('IpAddress', [`${dotted(one)}/${prefix}`], [dotted(given)])).toBe(inside)
          expect(holds('IpAddress', [`${dotted(one)}/${prefix}`], [`::ffff:${dotted(given)}`])).toBe(inside)
        }
      }),
    )
  })

  it('of IPv6 are in a range where their leading bits agree, in any spelling', () => {
    const groups = fc.array(fc.constantFrom(0, 0, 1, 0xdb8, 0xffff, 0x8000), { minLength: 8, maxLength: 8 })
    const bits = (address: readonly number[]): string =>
      address.map((group) => group.toString(2).padStart(16, '0')).join('')
    const long = (address: readonly number[]): string =>
      address.map((group) => group.toString(16).padStart(4, '0')).join(':')
    const short = (address: readonly number[]): string =>
      address
        .map((group) => group.toString(16).toUpperCase())
        .join(':')
        .replace(/(?:^|:)0(?::0)+(?:$|:)/, '::')
    fc.assert(
      fc.property(groups, groups, fc.nat(128), (one, other, prefix) => {
        fc.pre(!short(other).startsWith('::FFFF:'))
        const inside = bits(one).slice(0, prefix) === bits(other).slice(0, prefix)
        expect(holds('IpAddress', [`${long(one)}/${prefix}`], [short(other)])).toBe(inside)
        expect(holds('IpAddress', [`${short(one)}/${prefix}`], [long(other)])).toBe(inside)
      }),
    )
  })

  it.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '1.2.3.4/33',
    '1.2.3.4/',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '::/129',
    '12345::',
    'g::',
    '1.2.3.4::',
    '::1.2.3',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    '/8',
  ])('are not %j', (value) => {
    expect(readable('IpAddress', value)).toBe(false)
  })
})
