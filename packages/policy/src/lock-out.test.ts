import { describe, expect, it } from 'vitest'
import { type AccessRequest, locksOut, type Policies, parsePolicy, type Policy, requestContext } from './index.ts'

const account = '111111111111'
const ada = `arn:aws:iam::${account}:user/ada`
const request: AccessRequest = {
  principal: { kind: 'user', arn: ada, account },
  action: 'secretsmanager:PutResourcePolicy',
  resource: `arn:aws:secretsmanager:eu-central-1:${account}:secret:a-AbCdEf`,
  resourceAccount: account,
  context: requestContext({}),
}

const policyOf = (statement: Readonly<Record<string, unknown>>, kind: 'identity' | 'resource' = 'resource'): Policy => {
  const parsed = parsePolicy({ Version: '2012-10-17', Statement: { Action: '*', Resource: '*', ...statement } }, kind)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  return parsed.policy
}

const admin: Policies = { identity: [{ name: 'admin', policy: policyOf({ Effect: 'Allow' }, 'identity') }] }

describe('a new policy of a secret', () => {
  it('locks its author out with a Deny for everybody', () => {
    expect(locksOut(request, admin, policyOf({ Effect: 'Deny', Principal: '*' }))).toBe(true)
  })

  it('does not with a Deny of reading', () => {
    const next = policyOf({ Effect: 'Deny', Principal: '*', Action: 'secretsmanager:GetSecretValue' })
    expect(locksOut(request, admin, next)).toBe(false)
  })

  it('is judged in place of the present one, on which an author may depend', () => {
    const present: Policies = {
      identity: [],
      resource: { kind: 'resource', policy: policyOf({ Effect: 'Allow', Principal: { AWS: ada } }) },
    }
    expect(locksOut(request, present, policyOf({ Effect: 'Allow', Principal: { AWS: '222222222222' } }))).toBe(true)
    expect(locksOut(request, present, policyOf({ Effect: 'Allow', Principal: { AWS: ada } }))).toBe(false)
  })

  it('is judged for PutResourcePolicy, by whatever action it comes', () => {
    const next = policyOf({ Effect: 'Deny', Principal: '*', Action: 'secretsmanager:PutResourcePolicy' })
    expect(locksOut({ ...request, action: 'secretsmanager:ValidateResourcePolicy' }, admin, next)).toBe(true)
  })
})
