import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { marked, notFound } from './known-refusals.ts'
import { everybody, lockOut, plain, policy, policySecrets } from './policy-documents.ts'
import { type Body, TestStore } from './test-store.ts'

const store = new TestStore()
beforeAll(() => store.start())
afterAll(() => store.remove())

const newSecret = policySecrets(store)
const refused = (input: Body) => store.refused('PutResourcePolicy', input)

describe('PutResourcePolicy', () => {
  describe('parameters', () => {
    it('keeps a policy as it was written, in the place of the one before', async () => {
      const SecretId = await newSecret()
      const { ARN } = await store.ok('DescribeSecret', { SecretId })
      const first = await store.ok('PutResourcePolicy', { SecretId, ResourcePolicy: plain })
      expect(first).toEqual({ ARN, Name: SecretId, PolicyName: 'default' })
      const ResourcePolicy = ` ${policy({ Action: 'secretsmanager:DescribeSecret' })}\n`
      await store.ok('PutResourcePolicy', { SecretId, ResourcePolicy, PolicyName: 'default' })
      expect((await store.ok('GetResourcePolicy', { SecretId }))['ResourcePolicy']).toBe(ResourcePolicy)
    })

    it('moves the date of the last change', async () => {
      const SecretId = await newSecret()
      const { LastChangedDate } = await store.ok('DescribeSecret', { SecretId })
      await store.clock.advance(3_000)
      await store.ok('PutResourcePolicy', { SecretId, ResourcePolicy: plain })
      expect((await store.ok('DescribeSecret', { SecretId })).LastChangedDate).toBe(LastChangedDate + 3)
    })

    it('takes a policy for everybody unless that is to be blocked', async () => {
      const SecretId = await newSecret()
      expect(await refused({ SecretId, ResourcePolicy: everybody, BlockPublicPolicy: true })).toBe(
        "PublicPolicyException: You can't attach a resource-based policy that allows broad access to the secret.",
      )
      await store.ok('PutResourcePolicy', { SecretId, ResourcePolicy: everybody, BlockPublicPolicy: false })
      await store.ok('PutResourcePolicy', { SecretId, ResourcePolicy: plain, BlockPublicPolicy: true })
    })
  })

  describe('errors', () => {
    it('tell a syntax error from a principal that is none', async () => {
      const SecretId = await newSecret()
      const syntax = 'MalformedPolicyDocumentException: This resource policy contains a syntax error.'
      for (const ResourcePolicy of ['{', '[]', '{}', policy({ Effect: 'Maybe' }), policy({ Action: undefined })])
        expect(await refused({ SecretId, ResourcePolicy })).toBe(syntax)
      expect(await refused({ SecretId, ResourcePolicy: policy({ Principal: { AWS: 'nobody' } }) })).toBe(
        'MalformedPolicyDocumentException: This resource policy contains an unsupported principal.',
      )
      expect(await refused({ SecretId, ResourcePolicy: policy({ Principal: { Service: 'nothing' } }) })).toBe(
        'MalformedPolicyDocumentException: This resource policy contains an unsupported service principal.',
      )
    })

    it('tell of a user that is not in the account, not of one elsewhere', async () => {
      const SecretId = await newSecret()
      const of = (AWS: string) => policy({ Principal: { AWS } })
      expect(await refused({ SecretId, ResourcePolicy: of('arn:aws:iam::000000000000:role/nobody') })).toBe(
        'MalformedPolicyDocumentException: This resource policy contains an unsupported principal.',
      )
      await store.ok('PutResourcePolicy', { SecretId, ResourcePolicy: of('arn:aws:iam::222222222222:role/somebody') })
    })

    it('keep the caller from locking himself out', async () => {
      const SecretId = await newSecret()
      expect(await refused({ SecretId, ResourcePolicy: lockOut })).toBe(
        'InvalidRequestException: Your requested changes will not allow you to manage this secret in the future.',
      )
      expect(await store.ok('GetResourcePolicy', { SecretId })).not.toHaveProperty('ResourcePolicy')
    })

    it('come from names other than default, and bounds', async () => {
      const SecretId = await newSecret()
      expect(await refused({ SecretId, ResourcePolicy: plain, PolicyName: 'other' })).toMatch(
        /^InvalidParameterException/,
      )
      expect(await refused({ SecretId, ResourcePolicy: plain, PolicyName: 'a b' })).toMatch(/^ValidationException/)
      expect(await refused({ SecretId, ResourcePolicy: plain.padEnd(20_481) })).toMatch(/^ValidationException/)
      expect(await refused({ SecretId })).toMatch(/Value null at 'resourcePolicy'/)
      await store.ok('PutResourcePolicy', { SecretId, ResourcePolicy: plain.padEnd(20_480) })
    })

    it('come from a secret that is not there, or is going', async () => {
      expect(await refused({ SecretId: 'nowhere', ResourcePolicy: plain })).toBe(notFound)
      const SecretId = await newSecret()
      await store.ok('DeleteSecret', { SecretId })
      expect(await refused({ SecretId, ResourcePolicy: plain })).toBe(marked)
    })
  })
})
