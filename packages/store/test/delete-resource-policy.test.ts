import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { marked, notFound } from './known-refusals.ts'
import { plain, policySecrets } from './policy-documents.ts'
import { TestStore } from './test-store.ts'

const store = new TestStore()
beforeAll(() => store.start())
afterAll(() => store.remove())

const newSecret = policySecrets(store)

describe('DeleteResourcePolicy', () => {
  it('takes the policy away, and does not miss one', async () => {
    const SecretId = await newSecret()
    const { ARN } = await store.ok('DescribeSecret', { SecretId })
    await store.ok('PutResourcePolicy', { SecretId, ResourcePolicy: plain })
    for (let call = 0; call < 2; call += 1)
      expect(await store.ok('DeleteResourcePolicy', { SecretId })).toEqual({
        ARN,
        Name: SecretId,
        PolicyName: 'default',
      })
    expect(await store.ok('GetResourcePolicy', { SecretId })).toEqual({ ARN, Name: SecretId })
  })

  it('refuses another name than default, and a secret that is not there, or is going', async () => {
    const SecretId = await newSecret()
    expect(await store.refused('DeleteResourcePolicy', { SecretId, PolicyName: 'other' })).toMatch(
      /^InvalidParameterException/,
    )
    expect(await store.refused('DeleteResourcePolicy', { SecretId: 'nowhere' })).toBe(notFound)
    await store.ok('DeleteSecret', { SecretId })
    expect(await store.refused('DeleteResourcePolicy', { SecretId })).toBe(marked)
  })

  it('comes with the secret: a new one of the same name has none', async () => {
    const SecretId = await newSecret()
    await store.ok('PutResourcePolicy', { SecretId, ResourcePolicy: plain })
    await store.ok('DeleteSecret', { SecretId, ForceDeleteWithoutRecovery: true })
    await store.ok('CreateSecret', { Name: SecretId })
    expect(await store.ok('GetResourcePolicy', { SecretId })).not.toHaveProperty('ResourcePolicy')
  })
})
