import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { marked, notFound } from './known-refusals.ts'
import { plain, policySecrets } from './policy-documents.ts'
import { type Body, TestStore } from './test-store.ts'

const store = new TestStore()
beforeAll(() => store.start())
afterAll(() => store.remove())

const newSecret = policySecrets(store)

describe('ListResourcePolicies', () => {
  it('names the policy, or none', async () => {
    const SecretId = await newSecret()
    expect(await store.ok('ListResourcePolicies', { SecretId })).toEqual({ ResourcePolicies: [] })
    await store.ok('PutResourcePolicy', { SecretId, ResourcePolicy: plain })
    expect(await store.ok('ListResourcePolicies', { SecretId, MaxResults: 1 })).toEqual({
      ResourcePolicies: [{ PolicyName: 'default' }],
    })
  })

  it('refuses tokens, bounds, and a secret that is not there, or is going', async () => {
    const SecretId = await newSecret()
    const list = (input: Body) => store.refused('ListResourcePolicies', input)
    expect(await list({ SecretId, NextToken: 'x' })).toBe('InvalidNextTokenException: The NextToken value is invalid.')
    expect(await list({ SecretId, MaxResults: 0 })).toMatch(/^ValidationException: .*'maxResults'/)
    expect(await list({ SecretId: 'nowhere' })).toBe(notFound)
    await store.ok('DeleteSecret', { SecretId })
    expect(await list({ SecretId })).toBe(marked)
  })
})
