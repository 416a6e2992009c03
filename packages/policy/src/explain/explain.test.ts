import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { policies, requests } from '../../test/arbitrary.ts'
import {
  type AccessRequest,
  decide,
  type ExplainedPolicy,
  explain,
  type Policies,
  type PolicyType,
  parsePolicy,
  requestContext,
} from '../index.ts'

const account = '111111111111'
const request: AccessRequest = {
  principal: { kind: 'user', arn: `arn:aws:iam::${account}:user/ada`, account },
  action: 'secretsmanager:GetSecretValue',
  resource: `arn:aws:secretsmanager:eu-central-1:${account}:secret:prod/db-AbCdEf`,
  resourceAccount: account,
  context: requestContext({ 'aws:SourceIp': '192.0.2.1', 'aws:PrincipalTag/team': 'web' }),
}

const identity = (...Statement: readonly unknown[]): Policies => {
  const parsed = parsePolicy({ Version: '2012-10-17', Statement }, 'identity')
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  return { identity: [{ name: 'readers', policy: parsed.policy }] }
}

const matching = (explained: readonly ExplainedPolicy[], type: PolicyType, effect: 'Allow' | 'Deny'): boolean =>
  explained.some(
    (policy) =>
      policy.type === type && policy.statements.some((found) => found.effect === effect && found.reach !== 'none'),
  )

describe('an explanation', () => {
  it('decides as decide does, and its verdicts are the reason', () => {
    fc.assert(
      fc.property(requests, policies, (asked, given) => {
        const { decision, policies: explained } = explain(asked, given)
        expect(decision).toBe(decide(asked, given))
        const types = ['identity', 'boundary', 'session', 'resource'] as const
        const denying = types.filter((type) => matching(explained, type, 'Deny'))
        expect(!decision.allowed && decision.kind === 'explicit').toBe(denying.length > 0)
        if (decision.allowed) {
          const { by } = decision
          if (by === 'identity') expect(matching(explained, 'identity', 'Allow')).toBe(true)
          if (by === 'resource' || by === 'identity-and-resource')
            expect(matching(explained, 'resource', 'Allow')).toBe(true)
        } else if (decision.kind === 'explicit') expect(denying).toContain(decision.policyType)
        else if (decision.policyType !== 'resource')
          expect(matching(explained, decision.policyType, 'Allow')).toBe(false)
      }),
      { numRuns: 2000 },
    )
  })

  it('shows misses exactly where a statement does not match', () => {
    fc.assert(
      fc.property(requests, policies, (asked, given) => {
        for (const { statements } of explain(asked, given).policies)
          for (const { reach, misses } of statements) expect(reach === 'none').toBe(misses.length > 0)
      }),
      { numRuns: 500 },
    )
  })

  it('names each element and condition that does not fit, with what the request has', () => {
    const {
      policies: explained,
      rule,
      message,
    } = explain(
      request,
      identity(
        {
          Sid: 'Team',
          Effect: 'Allow',
          Action: 'secretsmanager:Put*',
          Resource: `arn:aws:secretsmanager:*:${account}:secret:dev/*`,
          Condition: {
            StringEquals: { 'aws:PrincipalTag/team': ['pay', 'ops'], 'aws:PrincipalTag/stage': 'prod' },
            IpAddress: { 'aws:SourceIp': '192.0.2.0/24' },
          },
        },
        { Effect: 'Allow', NotAction: 'secretsmanager:get*', NotResource: '*' },
      ),
    )
    expect(explained).toEqual([
      {
        type: 'identity',
        name: 'readers',
        statements: [
          {
            index: 0,
            sid: 'Team',
            effect: 'Allow',
            reach: 'none',
            misses: [
              { element: 'Action', text: `Action does not cover ${request.action}.` },
              { element: 'Resource', text: `Resource does not cover ${request.resource}.` },
              {
                element: 'Condition',
                operator: 'StringEquals',
                key: 'aws:PrincipalTag/team',
                wanted: ['pay', 'ops'],
                given: ['web'],
                text: 'StringEquals aws:PrincipalTag/team: the key is "web"; the policy asks for "pay" or "ops".',
              },
              {
                element: 'Condition',
                operator: 'StringEquals',
                key: 'aws:PrincipalTag/stage',
                wanted: ['prod'],
                text: 'StringEquals aws:PrincipalTag/stage: the key is absent from the request; the policy asks for "prod".',
              },
            ],
          },
          {
            index: 1,
            effect: 'Allow',
            reach: 'none',
            misses: [
              { element: 'NotAction', text: `NotAction excludes ${request.action}.` },
              { element: 'NotResource', text: `NotResource excludes ${request.resource}.` },
            ],
          },
        ],
      },
    ])
    expect(rule).toBe("No identity-based policy allows it, and the resource's policy does not allow the caller itself.")
    expect(message).toBe(
      `User: arn:aws:iam::${account}:user/ada is not authorized to perform: ${request.action} on resource: ` +
        `${request.resource} because no identity-based policy allows the ${request.action} action`,
    )
  })

  it('shows what a variable is for the request', () => {
    const { policies: explained } = explain(
      request,
      identity({
        Effect: 'Allow',
        Action: '*',
        Resource: '*',
        Condition: { StringLike: { 'aws:SourceIp': ['${aws:PrincipalTag/team}*', '${aws:username}', '10.*'] } },
      }),
    )
    expect(explained[0]?.statements[0]?.misses[0]?.text).toBe(
      'StringLike aws:SourceIp: the key is "192.0.2.1"; the policy asks for "${aws:PrincipalTag/team}*" (here "web*") ' +
        'or "${aws:username}" (a variable has no value) or "10.*".',
    )
  })

  it('shows how near a statement of the resource comes, and each grant of a key', () => {
    const parsed = parsePolicy(
      {
        Statement: [
          { Effect: 'Allow', Principal: { AWS: account }, Action: 'kms:*', Resource: '*' },
          {
            Effect: 'Deny',
            NotPrincipal: { AWS: [account, `arn:aws:iam::${account}:user/ada`] },
            Action: '*',
            Resource: '*',
          },
          { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: '*', Resource: '*' },
        ],
      },
      'key',
    )
    if (!parsed.ok) throw new Error('a good policy')
    const grant = { granteePrincipal: `arn:aws:iam::${account}:user/ada`, operations: ['Encrypt'] }
    const explained = explain(
      { ...request, action: 'kms:Decrypt' },
      {
        identity: [],
        resource: { kind: 'key', policy: parsed.policy, grants: [grant, { ...grant, operations: ['Decrypt'] }] },
      },
    )
    expect(explained.policies[0]?.name).toBe('key policy')
    expect(
      explained.policies[0]?.statements.map(({ reach, misses }) => [reach, ...misses.map(({ text }) => text)]),
    ).toEqual([
      ['account'],
      ['none', 'NotPrincipal names the caller and all that it belongs to.'],
      ['none', 'Principal does not name the caller.'],
    ])
    expect(explained.grants).toEqual(['none', 'direct'])
    expect(explained.rule).toBe('A grant of the key allows it, and nothing denies it.')
  })
})
