import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Body, TestStore } from './test-store.ts'

const store = new TestStore()
beforeAll(() => store.start())
afterAll(() => store.remove())

const developer = 'arn:aws:iam::000000000000:user/developer'
const completed = (statement: Body): Body => ({
  Effect: 'Allow',
  Principal: { AWS: developer },
  Action: 'secretsmanager:GetSecretValue',
  Resource: '*',
  ...statement,
})
const policy = (...statements: Body[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements.map(completed) })
const plain = policy({})
const everybody = policy({ Principal: '*' })
const lockOut = policy({ Effect: 'Deny', Principal: '*', Action: 'secretsmanager:*' })

let made = 0
const newSecret = async (): Promise<string> => {
  made += 1
  await store.ok('CreateSecret', { Name: `policies/${made}`, SecretString: 'v' })
  return `policies/${made}`
}
const refused = (input: Body) => store.refused('PutResourcePolicy', input)
const notFound = "ResourceNotFoundException: Secrets Manager can't find the specified secret."
const marked =
  "InvalidRequestException: You can't perform this operation on the secret because it was marked for deletion."

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
