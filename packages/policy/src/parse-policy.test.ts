import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { guardPolicies, ownPolicies } from '../test/arbitrary.ts'
import { type PolicyKind, parsePolicy } from './index.ts'

const secretPolicy = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: '*', Action: 'secretsmanager:GetSecretValue', Resource: '*' }],
} as const
const [statement] = secretPolicy.Statement

/** A secret's policy with these members in place of the usual. */
const withMembers = (members: Readonly<Record<string, unknown>>): unknown => ({
  ...secretPolicy,
  Statement: [{ ...statement, ...members }],
})

const without = (name: keyof typeof statement): unknown => withMembers(Object.fromEntries([[name, undefined]]))

const problemsOf = (document: unknown, kind: PolicyKind = 'resource'): readonly string[] => {
  const parsed = parsePolicy(document, kind)
  return parsed.ok ? [] : parsed.problems.map(({ path, message }) => `${path}: ${message}`)
}

describe('parsing a policy', () => {
  it('gives lists where the JSON has one, and text where it has numbers and booleans', () => {
    const parsed = parsePolicy(
      withMembers({
        Principal: { AWS: '111111111111' },
        Condition: { NumericEquals: { 'aws:x': 7 }, Bool: { 'aws:y': true } },
      }),
      'resource',
    )
    expect(parsed).toEqual({
      ok: true,
      policy: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { AWS: ['111111111111'] },
            Action: ['secretsmanager:GetSecretValue'],
            Resource: ['*'],
            Condition: { NumericEquals: { 'aws:x': ['7'] }, Bool: { 'aws:y': ['true'] } },
          },
        ],
      },
    })
  })

  it('gives what nobody can change, and leaves the document as it is', () => {
    const Action = ['secretsmanager:GetSecretValue']
    const parsed = parsePolicy(withMembers({ Action }), 'resource')
    if (!parsed.ok) throw new Error('a good policy')
    expect(Object.isFrozen(parsed.policy)).toBe(true)
    expect(Object.isFrozen(parsed.policy.Statement[0]?.Action)).toBe(true)
    expect(Object.isFrozen(Action)).toBe(false)
  })

  it.each<[string, unknown, string]>([
    ['what is no object', [], ': has to be an object'],
    ['text that is no JSON', '{"Version":', ': is not valid JSON'],
    [
      'an unknown member',
      { ...secretPolicy, version: '1' },
      ': has an unknown member "version"; known: Version, Id, Statement',
    ],
    ['an unknown version', { ...secretPolicy, Version: '2020-01-01' }, 'Version: has to be 2012-10-17 or 2008-10-17'],
    ['an Id that is no text', { ...secretPolicy, Id: 1 }, 'Id: has to be text'],
    ['no statement', { Version: '2012-10-17' }, 'Statement: has to have at least one statement'],
    ['an empty list of statements', { Statement: [] }, 'Statement: has to have at least one statement'],
    ['a statement that is no object', { Statement: ['x'] }, 'Statement[0]: has to be an object'],
    ['no Effect', without('Effect'), 'Statement[0].Effect: has to be Allow or Deny'],
    ['an Effect in lower case', withMembers({ Effect: 'allow' }), 'Statement[0].Effect: has to be Allow or Deny'],
    ['no Principal', without('Principal'), 'Statement[0]: has to have Principal or NotPrincipal'],
    ['no Action', without('Action'), 'Statement[0]: has to have Action or NotAction'],
    ['no Resource', without('Resource'), 'Statement[0]: has to have Resource or NotResource'],
    ['both of a pair', withMembers({ NotAction: 's3:*' }), 'Statement[0]: may not have both Action and NotAction'],
    [
      'an empty NotResource',
      withMembers({ Resource: undefined, NotResource: [] }),
      'Statement[0].NotResource: may not be empty',
    ],
    [
      'Allow with NotPrincipal',
      withMembers({ Principal: undefined, NotPrincipal: { AWS: '1'.repeat(12) } }),
      'Statement[0].NotPrincipal: is possible with Deny only',
    ],
    [
      'an action without a service',
      withMembers({ Action: ['s3:*', 'Get'] }),
      'Statement[0].Action[1]: has to be <service>:<action> or *',
    ],
    [
      'an action with a variable',
      withMembers({ Action: '${aws:x}:Get' }),
      'Statement[0].Action: has to be <service>:<action> or *',
    ],
    ['an action that is a number', withMembers({ Action: 7 }), 'Statement[0].Action: has to be text'],
    [
      'a resource that is no ARN',
      withMembers({ Resource: 'prod/db' }),
      'Statement[0].Resource: has to be an ARN of six parts, or *',
    ],
    [
      'an ARN of five parts',
      withMembers({ Resource: ['arn:aws:s3:::x', 'arn:aws:s3::'] }),
      'Statement[0].Resource[1]: has to be an ARN of six parts, or *',
    ],
    [
      'a variable for the account',
      withMembers({ Resource: 'arn:aws:s3::${aws:x}:y' }),
      'Statement[0].Resource: may have variables only after the fifth colon',
    ],
    [
      'a malformed variable',
      withMembers({ Resource: 'arn:aws:s3:::${var.x}' }),
      'Statement[0].Resource: has to be an ARN of six parts, or *',
    ],
    [
      'a principal that is text',
      withMembers({ Principal: '111111111111' }),
      'Statement[0].Principal: has to be an object, or *',
    ],
    [
      'a principal of an unknown type',
      withMembers({ Principal: { Aws: '*' } }),
      'Statement[0].Principal: has an unknown member "Aws"; known: AWS, Service, Federated',
    ],
    [
      'a user by name',
      withMembers({ Principal: { AWS: ['*', 'ada'] } }),
      'Statement[0].Principal.AWS[1]: has to be *, twelve digits, or the ARN of a root, user, role or session',
    ],
    [
      'a wildcard within a principal',
      withMembers({ Principal: { AWS: 'arn:aws:iam::111111111111:role/*' } }),
      'Statement[0].Principal.AWS: has to be *, twelve digits, or the ARN of a root, user, role or session',
    ],
    [
      'a group',
      withMembers({ Principal: { AWS: 'arn:aws:iam::111111111111:group/g' } }),
      'Statement[0].Principal.AWS: has to be *, twelve digits, or the ARN of a root, user, role or session',
    ],
    [
      'any service',
      withMembers({ Principal: { Service: '*' } }),
      'Statement[0].Principal.Service: has to be the name of a service',
    ],
    [
      'an unknown operator',
      withMembers({ Condition: { StringEqual: { 'aws:x': 'y' } } }),
      'Statement[0].Condition: "StringEqual" is no condition operator',
    ],
    [
      'an operator of Object',
      withMembers({ Condition: { toString: { 'aws:x': 'y' } } }),
      'Statement[0].Condition: "toString" is no condition operator',
    ],
    [
      'Null with IfExists',
      withMembers({ Condition: { NullIfExists: { 'aws:x': 'true' } } }),
      'Statement[0].Condition: "NullIfExists" is no condition operator',
    ],
    [
      'a key without a service',
      withMembers({ Condition: { StringEquals: { team: 'y' } } }),
      'Statement[0].Condition.StringEquals."team": has to be <service>:<name>',
    ],
    [
      'a word for a number',
      withMembers({ Condition: { NumericEquals: { 'aws:x': ['1', 'x'] } } }),
      'Statement[0].Condition.NumericEquals."aws:x"[1]: has to be a number',
    ],
    [
      'a word for a date',
      withMembers({ Condition: { DateEquals: { 'aws:x': 'soon' } } }),
      'Statement[0].Condition.DateEquals."aws:x": has to be a date as ISO 8601 has it, or seconds since 1970',
    ],
    [
      'a word for an address',
      withMembers({ Condition: { IpAddress: { 'aws:x': '10.0.0.0/33' } } }),
      'Statement[0].Condition.IpAddress."aws:x": has to be an IP address or a range in CIDR notation',
    ],
    [
      'a word for a boolean',
      withMembers({ Condition: { Bool: { 'aws:x': 'yes' } } }),
      'Statement[0].Condition.Bool."aws:x": has to be true or false',
    ],
    [
      'a word for presence',
      withMembers({ Condition: { Null: { 'aws:x': 'yes' } } }),
      'Statement[0].Condition.Null."aws:x": has to be true or false',
    ],
    [
      'a word for an ARN',
      withMembers({ Condition: { ArnLike: { 'aws:x': 'role/*' } } }),
      'Statement[0].Condition.ArnLike."aws:x": has to be an ARN of six parts, or *',
    ],
    [
      'text for bytes',
      withMembers({ Condition: { BinaryEquals: { 'aws:x': 'a' } } }),
      'Statement[0].Condition.BinaryEquals."aws:x": has to be base64',
    ],
    [
      'a list in a list of values',
      withMembers({ Condition: { StringEquals: { 'aws:x': ['a', ['b']] } } }),
      'Statement[0].Condition.StringEquals."aws:x"[1]: has to be text, a number, true or false',
    ],
    [
      'a Sid that is there twice',
      {
        Statement: [
          { ...statement, Sid: 'a' },
          { ...statement, Sid: 'a' },
        ],
      },
      'Statement[1].Sid: is the Sid of another statement too',
    ],
  ])('refuses %s', (_, document, problem) => {
    expect(problemsOf(document)).toEqual([problem])
  })

  it.each<[string, PolicyKind, string]>([
    ['a Principal in the policy of an identity', 'identity', 'Statement[0]: may not have Principal or NotPrincipal'],
    ['a Resource in the policy of a role', 'trust', 'Statement[0]: may not have Resource or NotResource'],
  ])('refuses %s', (_, kind, problem) => {
    expect(problemsOf(secretPolicy, kind)).toContain(problem)
  })

  it('refuses actions of other services, and NotPrincipal, in the policy of a role', () => {
    const trust = { Effect: 'Deny', NotPrincipal: { AWS: '111111111111' }, Action: ['sts:AssumeRole', 's3:Get'] }
    expect(problemsOf({ Statement: trust }, 'trust')).toEqual([
      'Statement.NotPrincipal: is not possible for a role',
      'Statement.Action: has to be of sts',
    ])
  })

  it('takes a Sid with spaces in policies of resources only', () => {
    const sid = { Sid: 'Enable IAM policies' }
    expect(problemsOf(withMembers(sid), 'key')).toEqual([])
    expect(problemsOf({ Statement: { Effect: 'Deny', Action: '*', Resource: '*', ...sid } }, 'identity')).toEqual([
      'Statement.Sid: may have letters and digits only',
    ])
  })

  it('refuses members that are there twice, of which JSON keeps the last only', () => {
    const json =
      '{"Statement":[{"Effect":"Deny","Action":"*","Resource":"*","\\u0045ffect":"Allow","Condition":{"Bool":{"a:b":true,"a:b":false}}}]}'
    expect(problemsOf(json, 'identity')).toEqual([
      'Statement[0].Effect: is there twice',
      'Statement[0].Condition.Bool."a:b": is there twice',
    ])
  })

  it('takes 20,480 characters of a secret’s policy and not one more', () => {
    const json = JSON.stringify(secretPolicy)
    expect(problemsOf(json.padEnd(20_480))).toEqual([])
    expect(problemsOf(json.padEnd(20_481))).toEqual([': has more than 20480 characters'])
    expect(problemsOf(withMembers({ Resource: `arn:aws:s3:::${'x'.repeat(20_480)}` }))).toEqual([
      ': has more than 20480 characters',
    ])
  })

  it('takes every well-formed policy, as text and as data, and gives the same', () => {
    const either = fc.oneof(
      ownPolicies.map((policy) => ({ policy, kind: 'identity' as const })),
      guardPolicies.map((policy) => ({ policy, kind: 'resource' as const })),
    )
    fc.assert(
      fc.property(either, ({ policy, kind }) => {
        expect(parsePolicy(policy, kind)).toEqual({ ok: true, policy })
        expect(parsePolicy(JSON.stringify(policy, undefined, 2), kind)).toEqual({ ok: true, policy })
      }),
    )
  })

  it('tells of anything else in few words, whatever it holds', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.json(), fc.string({ maxLength: 500 })),
        fc.constantFrom('identity', 'key' as const),
        (text, kind) => {
          const parsed = parsePolicy(text, kind)
          if (parsed.ok) return
          expect(parsed.problems.length).toBeGreaterThan(0)
          for (const { message } of parsed.problems) expect(message.length).toBeLessThan(200)
        },
      ),
    )
  })

  it('survives nesting without end', () => {
    expect(problemsOf(`${'['.repeat(10_000)}${']'.repeat(10_000)}`)).toEqual([': has to be an object'])
    expect(problemsOf(`{"Statement":${'['.repeat(9_000)}${']'.repeat(9_000)}}`)).toEqual([
      'Statement[0]: has to be an object',
    ])
  })
})
