import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { guardPolicies, ownPolicies, policies, requests } from '../test/arbitrary.ts'
import { type AccessRequest, decide, type Policies, type Policy, requestContext } from './index.ts'

const all = { Effect: 'Allow', Action: ['*'], Resource: ['*'] } as const
const policyOf = (...statements: Policy['Statement']): Policy => ({ Version: '2012-10-17', Statement: statements })
const runs = { numRuns: 1000 }

const account = '111111111111'
const request: AccessRequest = {
  principal: { kind: 'user', arn: `arn:aws:iam::${account}:user/ada`, account },
  action: 'secretsmanager:GetSecretValue',
  resource: `arn:aws:secretsmanager:eu-central-1:${account}:secret:a-AbCdEf`,
  resourceAccount: account,
  context: requestContext({}),
}

describe('a decision', () => {
  it('is a denial without policies, but for the root user of the owning account', () => {
    fc.assert(
      fc.property(requests, (asked) => {
        const { principal, resourceAccount } = asked
        const owner = principal.kind === 'root' && principal.account === resourceAccount
        expect(decide(asked, { identity: [] }).allowed).toBe(owner)
      }),
    )
  })

  it('is an explicit denial with one Deny of everything, wherever it is', () => {
    const Effect = 'Deny' as const
    const places: ReadonlyArray<(given: Policies) => Policies> = [
      (given) => ({ ...given, identity: [...given.identity, { name: 'deny', policy: policyOf({ ...all, Effect }) }] }),
      (given) => ({ ...given, boundary: policyOf({ ...all, Effect }) }),
      (given) => ({ ...given, session: [...(given.session ?? []), policyOf({ ...all, Effect })] }),
      (given) => ({
        ...given,
        resource: { kind: 'resource', policy: policyOf({ ...all, Effect, Principal: '*' }) },
      }),
    ]
    fc.assert(
      fc.property(requests, policies, fc.constantFrom(...places), (asked, given, place) => {
        expect(decide(asked, place(given))).toMatchObject({ allowed: false, kind: 'explicit' })
      }),
      runs,
    )
  })

  it('never turns to allowed by a boundary and session policies', () => {
    const limits = fc.record({ boundary: ownPolicies, session: fc.array(ownPolicies, { minLength: 1, maxLength: 2 }) })
    fc.assert(
      fc.property(requests, policies, limits, (asked, given, { boundary, session }) => {
        const { boundary: _boundary, session: _session, ...rest } = given
        const unlimited = decide(asked, rest)
        const limited = decide(asked, { ...rest, boundary, session })
        if (!unlimited.allowed) expect(limited.allowed).toBe(false)
      }),
      runs,
    )
  })

  it('never turns to denied by an Allow more', () => {
    fc.assert(
      fc.property(requests, policies, guardPolicies, (asked, given, { Statement }) => {
        fc.pre(decide(asked, given).allowed && given.resource?.kind === 'resource')
        const allows = Statement.filter(({ Effect }) => Effect === 'Allow')
        const { policy } = given.resource
        const resource = { ...given.resource, policy: { ...policy, Statement: [...policy.Statement, ...allows] } }
        const identity = [...given.identity, { name: 'all', policy: policyOf(all) }]
        expect(decide(asked, { ...given, resource }).allowed).toBe(true)
        expect(decide(asked, { ...given, identity }).allowed).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('across accounts is allowed only with a resource policy', () => {
    fc.assert(
      fc.property(requests, policies, (asked, { resource: _resource, ...given }) => {
        const { principal, resourceAccount } = asked
        fc.pre('account' in principal && principal.account !== resourceAccount)
        expect(decide(asked, given)).toMatchObject({ allowed: false })
      }),
    )
  })

  it('does not depend on the order of policies and statements, but for what is told', () => {
    fc.assert(
      fc.property(requests, policies, (asked, given) => {
        const turned = (policy: Policy): Policy => ({ ...policy, Statement: policy.Statement.toReversed() })
        const { resource } = given
        const other: Policies = {
          ...given,
          identity: given.identity.map(({ name, policy }) => ({ name, policy: turned(policy) })).toReversed(),
          session: (given.session ?? []).map(turned).toReversed(),
          ...(resource ? { resource: { ...resource, policy: turned(resource.policy) } } : {}),
        }
        expect(decide(asked, other)).toEqual(decide(asked, given))
      }),
      runs,
    )
  })

  it('is refused for a policy that was never parsed and cannot be read', () => {
    const wrong = policyOf({ ...all, Condition: { StringEqual: { 'aws:x': ['y'] } } })
    expect(() => decide(request, { identity: [{ name: 'wrong', policy: wrong }] })).toThrow(
      expect.objectContaining({ code: 'config_invalid' }),
    )
  })

  it('tells of the resource’s Deny first, then of the identity’s, the boundary’s, the session’s', () => {
    const denying = policyOf({ ...all, Effect: 'Deny' })
    const given: Policies = {
      identity: [{ name: 'deny', policy: denying }],
      boundary: denying,
      session: [denying],
      resource: { kind: 'resource', policy: policyOf({ ...all, Effect: 'Deny', Principal: '*' }) },
    }
    const told = (policies: Policies): unknown => {
      const decision = decide(request, policies)
      return !decision.allowed && decision.policyType
    }
    const { resource: _resource, ...own } = given
    const { identity: _identity, ...limits } = own
    const { boundary: _boundary, ...session } = limits
    expect([given, own, { ...limits, identity: [] }, { ...session, identity: [] }].map(told)).toEqual([
      'resource',
      'identity',
      'boundary',
      'session',
    ])
  })

  it('never allows by NotPrincipal', () => {
    const open = policyOf({ ...all, NotPrincipal: { AWS: ['222222222222'] } })
    expect(decide(request, { identity: [], resource: { kind: 'resource', policy: open } })).toEqual({
      allowed: false,
      kind: 'implicit',
      policyType: 'identity',
    })
  })
})
