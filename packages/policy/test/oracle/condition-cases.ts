import type { Conditions } from '@keyplane/policy'
import fc from 'fast-check'

/** The operators of one kind, a key that they suit, what the request may have of it, and what a policy may want of it. */
interface Family {
  readonly key: string
  readonly operators: readonly string[]
  readonly asked: readonly string[]
  readonly wanted: readonly string[]
  /** How many values a request may have of the key; 1 by default. */
  readonly atMost?: number
}

const strings = [
  'StringEquals',
  'StringNotEquals',
  'StringEqualsIgnoreCase',
  'StringNotEqualsIgnoreCase',
  'StringLike',
  'StringNotLike',
]

const dates = [
  'DateEquals',
  'DateNotEquals',
  'DateLessThan',
  'DateLessThanEquals',
  'DateGreaterThan',
  'DateGreaterThanEquals',
]

const arns = ['ArnEquals', 'ArnNotEquals', 'ArnLike', 'ArnNotLike']

const families: readonly Family[] = [
  {
    key: 'aws:PrincipalTag/team',
    operators: strings,
    asked: ['pay', 'Pay', 'pay/roll', 'p*', 'ops', '${aws:username}', 'p?y', '$'],
    wanted: [
      'pay',
      'PAY',
      'p*',
      'p?y',
      '*',
      'pa',
      '*y*',
      'ops',
      '${aws:username}',
      '${*}',
      'p${*}',
      'p${?}y',
      '${$}',
      '${aws:PrincipalTag/Team}',
      '${aws:PrincipalTag/none}',
      "${aws:PrincipalTag/none, 'pay'}",
      '*/*l',
      '?*y',
      '??',
      '${aws:PrincipalTag/none}*',
      '${aws:TagKeys}',
      "${aws:TagKeys, 'pay'}",
      "${aws:username, 'ops'}",
      'p*${aws:PrincipalTag/none}',
    ],
  },
  {
    key: 'aws:TagKeys',
    operators: strings,
    asked: ['env', 'team', 'Team', 'cost', '', ''],
    wanted: ['env', 'team', 'cost', 'TEAM', 't*', '????', '*', 'none'],
    atMost: 3,
  },
  {
    key: 'secretsmanager:RecoveryWindowInDays',
    operators: [
      'NumericEquals',
      'NumericNotEquals',
      'NumericLessThan',
      'NumericLessThanEquals',
      'NumericGreaterThan',
      'NumericGreaterThanEquals',
    ],
    asked: ['7', '7.0', '30', '-1', '2.5'],
    wanted: ['7', '07', '7.00', '8', '30', '-1', '-1.5', '2.50', '0'],
  },
  {
    key: 'aws:CurrentTime',
    operators: dates,
    asked: [
      '2026-03-01T12:00:00Z',
      '2026-03-01T00:00:00.000Z',
      '2026-02-28T23:30:00Z',
      '1772366400',
      '2027-01-01T00:00:00.001Z',
    ],
    wanted: [
      '2026-03-01T12:00:00Z',
      '2026-03-01',
      '2026-03',
      '2026-03-01T13:00:00+01:00',
      '2026-03-01T12:00Z',
      '2026-03-01T11:59:59.999Z',
      '1772366400',
      '2026-02-28T23:59:59-08:00',
      '1772323200',
      '2027-01-01T00:00:00Z',
    ],
  },
  { key: 'aws:SecureTransport', operators: ['Bool'], asked: ['true', 'false'], wanted: ['true', 'false'] },
  {
    key: 'secretsmanager:Digest',
    operators: ['BinaryEquals'],
    asked: ['QmluYXJ5', 'AAEC', '/+8='],
    wanted: ['QmluYXJ5', 'qmluyxj5', 'AAEC', '/+8=', 'AAED'],
  },
  {
    key: 'aws:SourceIp',
    operators: ['IpAddress', 'NotIpAddress'],
    asked: ['203.0.113.7', '203.0.112.255', '10.1.2.3', '2001:db8::7', '2001:DB8:0:0:1::', '::1', '0.0.0.1'],
    wanted: [
      '203.0.113.0/24',
      '203.0.113.7',
      '203.0.113.7/32',
      '203.0.112.0/23',
      '10.0.0.0/8',
      '0.0.0.0/0',
      '::/0',
      '2001:db8::/32',
      '2001:0db8:0000::0007',
      '2001:db8::/127',
      '2001:db8:0:0:1::/80',
      '203.0.113.6/31',
      '::/127',
    ],
  },
  {
    key: 'aws:SourceArn',
    operators: arns,
    asked: [
      'arn:aws:lambda:eu-west-1:111122223333:function:rotate',
      'arn:aws:lambda:eu-west-1:111122223333:function:rotate:7',
      'arn:aws:iam::111122223333:role/team/app',
      'arn:aws:s3:::alice',
    ],
    wanted: [
      'arn:aws:lambda:eu-west-1:111122223333:function:rotate',
      'arn:aws:lambda:*:111122223333:function:*',
      'arn:aws:lambda:eu-*:1111????3333:function:rot*',
      'arn:aws:*:*:*:*',
      'arn:aws:lambda:*:function:rotate',
      'arn:aws:iam::111122223333:role/*',
      'arn:aws:iam:*:111122223333:role/team/app',
      'arn:*:s3:::${aws:username}',
      'arn:aws:s3:::${aws:PrincipalTag/none}',
      'arn:aws:s?:::alic?',
      'arn:aws:s3:::*:*',

      '*',
    ],
  },
  {
    key: 'kms:EncryptionContextKeys',
    operators: ['StringEquals', 'StringNotEquals', 'StringLike'],
    asked: ['SecretARN', 'SecretVersionId', 'SecretARN', 'secretarn'],
    wanted: ['SecretARN', 'SecretVersionId', 'Secret*'],
    atMost: 3,
  },
]

/** The key as it is written, or as some other hand writes it: "context key names are not case-sensitive". */
const spelled = (key: string): fc.Arbitrary<string> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(key) }, fc.constantFrom(key.toLowerCase(), key.toUpperCase()))

const prefix = fc.oneof({ weight: 3, arbitrary: fc.constant('') }, fc.constantFrom('ForAllValues:', 'ForAnyValue:'))
const suffix = fc.oneof({ weight: 3, arbitrary: fc.constant('') }, fc.constant('IfExists'))

const entry = (family: Family): fc.Arbitrary<Conditions> =>
  fc
    .tuple(
      prefix,
      fc.constantFrom(...family.operators),
      suffix,
      spelled(family.key),
      fc.uniqueArray(fc.constantFrom(...family.wanted), { minLength: 1, maxLength: 3 }),
    )
    .map(([set, operator, ifExists, key, wanted]) => ({ [`${set}${operator}${ifExists}`]: { [key]: wanted } }))

const nullEntry = (family: Family): fc.Arbitrary<Conditions> =>
  fc
    .tuple(spelled(family.key), fc.constantFrom(['true'], ['false'], ['true', 'false']))
    .map(([key, wanted]) => ({ Null: { [key]: wanted } }))

const anyEntry = fc.oneof(
  { weight: 12, arbitrary: fc.oneof(...families.map(entry)) },
  { weight: 1, arbitrary: fc.oneof(...families.map(nullEntry)) },
)

/** One to three conditions; two of one operator stand under it together. */
export const conditionsArbitrary: fc.Arbitrary<Conditions> = fc
  .oneof(
    { weight: 4, arbitrary: fc.tuple(anyEntry) },
    { weight: 1, arbitrary: fc.array(anyEntry, { minLength: 2, maxLength: 3 }) },
  )
  .map((entries) => {
    const together: Record<string, Record<string, readonly string[]>> = {}
    for (const [operator, keys] of entries.flatMap((one) => Object.entries(one))) {
      // The same key in two hands would be one key twice, which JSON's readers refuse.
      const known = together[operator] ?? {}
      const taken = new Set(Object.keys(known).map((key) => key.toLowerCase()))
      const fresh = Object.entries(keys).filter(([key]) => !taken.has(key.toLowerCase()))
      together[operator] = { ...known, ...Object.fromEntries(fresh) }
    }
    return together
  })

const valuesOf = (family: Family): fc.Arbitrary<readonly (readonly [string, readonly string[]])[]> =>
  fc
    .option(fc.uniqueArray(fc.constantFrom(...family.asked), { minLength: 1, maxLength: family.atMost ?? 1 }), {
      freq: 4,
      nil: [],
    })
    .map((values) => (values.length === 0 ? [] : [[family.key.toLowerCase(), values] as const]))

/** What a request may bring of the keys that the conditions ask for, and its user's name. */
export const contextArbitrary: fc.Arbitrary<ReadonlyMap<string, readonly string[]>> = fc
  .tuple(fc.constantFrom<readonly string[]>(['alice'], ['alice'], ['a*e'], []), ...families.map(valuesOf))
  .map(([username, ...values]) => {
    const context = new Map<string, readonly string[]>(values.flat())
    if (username.length > 0) context.set('aws:username', username)
    const names = context.get('kms:encryptioncontextkeys') ?? []
    for (const name of names) {
      const key = `kms:encryptioncontext:${name.toLowerCase()}`
      context.set(key, [...(context.get(key) ?? []), `the ${name}`])
    }
    return context
  })
