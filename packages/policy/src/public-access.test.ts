import { describe, expect, it } from 'vitest'
import { grantsPublicAccess, parsePolicy } from './index.ts'

const account = '111111111111'
const isPublic = (statement: Readonly<Record<string, unknown>>, Version = '2012-10-17'): boolean => {
  const parsed = parsePolicy(
    { Version, Statement: { Effect: 'Allow', Action: '*', Resource: '*', Principal: '*', ...statement } },
    'resource',
  )
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  return grantsPublicAccess(parsed.policy)
}

describe('a policy is public', () => {
  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['where it allows anyone', {}],
    ['where anyone is one of several principals', { Principal: { AWS: [account, '*'] } }],
    ['where a condition is about something else', { Condition: { Bool: { 'aws:SecureTransport': 'true' } } }],
    ['where the source may be any', { Condition: { StringLike: { 'aws:SourceVpc': 'vpc-*' } } }],
    ['where one of the sources may be any', { Condition: { StringLike: { 'aws:SourceVpce': ['vpce-1', 'vpce-?'] } } }],
    ['where the source’s account may be any', { Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:s3:::*' } } }],
    [
      'where the source is what the caller says',
      { Condition: { StringEquals: { 'aws:SourceAccount': '${aws:PrincipalTag/a}' } } },
    ],
    ['where sources are excluded', { Condition: { StringNotEquals: { 'aws:SourceVpc': 'vpc-1' } } }],
    ['where the source may be absent', { Condition: { StringEqualsIfExists: { 'aws:SourceVpc': 'vpc-1' } } }],
    ['where all of no sources count', { Condition: { 'ForAllValues:StringEquals': { 'aws:SourceVpc': 'vpc-1' } } }],
  ])('%s', (_, statement) => {
    expect(isPublic(statement)).toBe(true)
  })
})

describe('a policy is not public', () => {
  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['where it names an account', { Principal: { AWS: account } }],
    ['where it names a service', { Principal: { Service: 'lambda.amazonaws.com' } }],
    ['where it denies anyone', { Effect: 'Deny' }],
    ['where it denies all but some', { Effect: 'Deny', Principal: undefined, NotPrincipal: { AWS: account } }],
    ['where it names the VPC', { Condition: { StringEquals: { 'AWS:sourcevpc': ['vpc-1', 'vpc-2'] } } }],
    ['where it names the endpoint', { Condition: { 'ForAnyValue:StringLike': { 'aws:SourceVpce': 'vpce-1' } } }],
    ['where it names the source', { Condition: { ArnEquals: { 'aws:SourceArn': 'arn:aws:s3:::bucket' } } }],
    ['where it names the source’s account', { Condition: { StringEquals: { 'aws:SourceAccount': account } } }],
    [
      'where it names the principal',
      { Condition: { ArnLike: { 'aws:PrincipalArn': `arn:aws:iam::${account}:role/a` } } },
    ],
  ])('%s', (_, statement) => {
    expect(isPublic(statement)).toBe(false)
  })

  it('where in a policy of 2008 what looks like a variable is text', () => {
    expect(isPublic({ Condition: { StringEquals: { 'aws:SourceAccount': '${a:b}' } } }, '2008-10-17')).toBe(false)
  })
})
