import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { marked, notFound } from './known-refusals.ts'
import { plain, policySecrets } from './policy-documents.ts'
import { TestStore } from './test-store.ts'

const store = new TestStore()
beforeAll(() => store.start())
afterAll(() => store.remove())

const newSecret = policySecrets(store)

describe('GetResourcePolicy', () => {
  it('gives ARN and name where there is no policy', async () => {
    const SecretId = await newSecret()
    const { ARN } = await store.ok('DescribeSecret', { SecretId })
    expect(await store.ok('GetResourcePolicy', { SecretId })).toEqual({ ARN, Name: SecretId })
    await store.ok('PutResourcePolicy', { SecretId, ResourcePolicy: plain })
    expect(await store.ok('GetResourcePolicy', { SecretId, PolicyName: 'default' })).toEqual({
      ARN,
      Name: SecretId,
      ResourcePolicy: plain,
      PolicyName: 'default',
    })
  })

  it('refuses a policy, or a secret, that is not there, and a secret that is going', async () => {
    const SecretId = await newSecret()
    expect(await store.refused('GetResourcePolicy', { SecretId, PolicyName: 'other' })).toMatch(
      /^ResourceNotFoundException/,
    )
    expect(await store.refused('GetResourcePolicy', { SecretId: 'nowhere' })).toBe(notFound)
    await store.ok('DeleteSecret', { SecretId })
    expect(await store.refused('GetResourcePolicy', { SecretId })).toBe(marked)
  })
})
