import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { marked, notFound } from './known-refusals.ts'
import { plain, policy, policySecrets } from './policy-documents.ts'
import { type Body, TestStore } from './test-store.ts'

const store = new TestStore()
beforeAll(() => store.start())
afterAll(() => store.remove())

const newSecret = policySecrets(store)

describe('ValidateResourcePolicy', () => {
  it('passes what PutResourcePolicy would take, with a secret or without', async () => {
    const SecretId = await newSecret()
    const passed = { PolicyValidationPassed: true, ValidationErrors: [] }
    expect(await store.ok('ValidateResourcePolicy', { ResourcePolicy: plain })).toEqual(passed)
    expect(await store.ok('ValidateResourcePolicy', { SecretId, ResourcePolicy: plain })).toEqual(passed)
    expect(await store.ok('GetResourcePolicy', { SecretId })).not.toHaveProperty('ResourcePolicy')
  })

  it('tells all that would be refused', async () => {
    const both = policy({ Principal: '*' }, { Effect: 'Deny', Principal: '*', Action: '*' })
    expect(await store.ok('ValidateResourcePolicy', { ResourcePolicy: both })).toEqual({
      PolicyValidationPassed: false,
      ValidationErrors: [
        {
          CheckName: 'PUBLIC_ACCESS_CHECK',
          ErrorMessage: "You can't attach a resource-based policy that allows broad access to the secret.",
        },
        {
          CheckName: 'LOCK_OUT_CHECK',
          ErrorMessage: 'Your requested changes will not allow you to manage this secret in the future.',
        },
      ],
    })
  })

  it('refuses what is no policy, and a secret that is not there, or is going', async () => {
    const validate = (input: Body) => store.refused('ValidateResourcePolicy', input)
    expect(await validate({ ResourcePolicy: '{' })).toMatch(/^MalformedPolicyDocumentException/)
    expect(await validate({})).toMatch(/Value null at 'resourcePolicy'/)
    expect(await validate({ SecretId: 'nowhere', ResourcePolicy: plain })).toBe(notFound)
    const SecretId = await newSecret()
    await store.ok('DeleteSecret', { SecretId })
    expect(await validate({ SecretId, ResourcePolicy: plain })).toBe(marked)
  })
})
