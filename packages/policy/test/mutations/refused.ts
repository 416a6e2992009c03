import type { AccessRequest, Decision, Policies, Statement } from '@keyplane/policy'

const request: AccessRequest = {
  principal: { kind: 'user', account: '111111111111', arn: 'arn:aws:iam::111111111111:user/ada' },
  action: 'secretsmanager:GetSecretValue',
  resource: 'arn:aws:secretsmanager:eu-central-1:222222222222:secret:db-AbCdEf',
  resourceAccount: '222222222222',
  context: new Map([['x:y', ['1']]]),
}

const open: Statement = { Effect: 'Allow', Action: ['*'], Resource: ['*'] }

/** A request, and policies that `parsePolicy` lets nobody have. */
export interface Refused {
  readonly name: string
  readonly request: AccessRequest
  readonly policies: Policies
}

const refused = (name: string, parts: Partial<Statement>): Refused => ({
  name,
  request,
  policies: { identity: [{ name, policy: { Version: '2012-10-17', Statement: [{ ...open, ...parts }] } }] },
})

const values: Readonly<Record<string, readonly string[]>> = {
  StringEquals: ['${', '${}', '${x}', '${x:y'],
  StringEqualsIgnoreCase: ['${'],
  StringLike: ['*${'],
  NumericEquals: ['', 'x', '0x10', ' 1', 'Infinity'],
  DateEquals: ['', 'yesterday', '12:00', '2026-13-01', '2026-01-01T25:00:00Z', 'March 1, 2026', '9'.repeat(20)],
  Bool: ['', 'yes', '${'],
  BinaryEquals: ['*', 'a'],
  IpAddress: [
    '',
    'x',
    '1.2.3',
    '1.2.3.4.5',
    '256.2.3.4',
    '1.2.3.256',
    '1.2.3.4/33',
    '1.2.3.4/',
    '1.2.3.4/24/1',
    '::g',
    '::12345',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '1:2:3:4::5:6:7:8',
    '::/129',
    '1.2.3.4::',
    '::1.2.3',
    '::1.2.3.4:5',
    ':',
    ':1',
  ],
  ArnLike: ['', 'arn', 'arn:aws:s3', 'arn:aws:s3::x', 'brn:aws:s3:::x', '?rn:aws:s3:::x', '${', 'a${x:y}', '*a'],
  Null: ['', 'maybe', '1'],
}

const right = (operator: string): string =>
  ({
    NumericEquals: '1',
    DateEquals: '2026-01-01',
    Bool: 'true',
    BinaryEquals: 'AAEC',
    IpAddress: '::1',
    Null: 'true',
  })[operator] ?? '*'

/** Documents that have to be refused, whatever else they say. */
export const refusedDocuments: readonly Refused[] = [
  ...['', 'StringEqual', 'stringequals', 'ForAllValues:', 'ForSomeValues:Bool', 'NullIfExists', 'toString'].map(
    (name) => refused(`the operator ${name}`, { Condition: { [name]: { 'x:y': ['true'] } } }),
  ),
  ...Object.entries(values).flatMap(([operator, wrong]) =>
    wrong.flatMap((value) => [
      refused(`${operator} ${value}`, { Condition: { [operator]: { 'x:y': [value] } } }),
      refused(`${operator} ${value}, second`, { Condition: { [operator]: { 'x:y': [right(operator), value] } } }),
    ]),
  ),
  ...['', 'x', 'arn:aws:s3', 'arn:aws:s3::x', 'brn:a:b:c:d:e', '${', 'x${x:y}', '**'].map((resource) =>
    refused(`the resource ${resource}`, { Resource: [resource] }),
  ),
]

/** What no vector can ask, as `parsePolicy` and `requestContext` stand before it, and what is right nevertheless. */
export const unheardOf: readonly (Refused & { readonly expected: Decision })[] = [
  {
    ...refused('an Allow with NotPrincipal', {}),
    policies: {
      identity: [{ name: 'all', policy: { Statement: [open] } }],
      resource: { kind: 'resource', policy: { Statement: [{ ...open, NotPrincipal: { AWS: ['333333333333'] } }] } },
    },
    expected: { allowed: false, kind: 'implicit', policyType: 'resource' },
  },
  {
    ...refused('a key without any value', { Condition: { StringEqualsIfExists: { 'x:none': ['1'] } } }),
    request: { ...request, resourceAccount: '111111111111', context: new Map([['x:none', []]]) },
    expected: { allowed: true, by: 'identity' },
  },
]
