import { auditTail } from '@keyplane/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Body, TestStore, tokenOf } from './test-store.ts'

const store = new TestStore()
const arns = new Map<string, string>()

beforeAll(async () => {
  await store.start()
  for (const Name of ['batch/a', 'batch/b', 'batch/c', 'batch/going']) {
    const { ARN } = await store.ok('CreateSecret', {
      Name,
      SecretString: `value of ${Name}`,
      Description: Name === 'batch/b' ? 'special one' : '',
      ClientRequestToken: tokenOf('v1'),
    })
    arns.set(Name, ARN)
  }
  await store.ok('CreateSecret', { Name: 'batch/empty' })
  await store.ok('DeleteSecret', { SecretId: 'batch/going' })
})
afterAll(() => store.remove())

const batch = (input: Body) => store.ok('BatchGetSecretValue', input)
const refused = (input: Body) => store.refused('BatchGetSecretValue', input)
const namesOf = async (input: Body) => (await batch(input)).SecretValues.map(({ Name }) => Name)

describe('BatchGetSecretValue', () => {
  describe('parameters', () => {
    it('gives current values by name, ARN and partial ARN, in their order, as GetSecretValue gives them', async () => {
      const arn = arns.get('batch/b') ?? ''
      const { SecretValues, Errors } = await batch({ SecretIdList: ['batch/c', arn, arn.slice(0, -7)] })
      expect(Errors).toEqual([])
      expect(SecretValues.map(({ Name }) => Name)).toEqual(['batch/c', 'batch/b', 'batch/b'])
      expect(SecretValues[1]).toEqual(await store.ok('GetSecretValue', { SecretId: arn }))
    })

    it('gives what filters match, without what waits for its deletion', async () => {
      expect(await namesOf({ Filters: [{ Key: 'description', Values: ['special'] }] })).toEqual(['batch/b'])
      const { SecretValues, Errors } = await batch({ Filters: [{ Key: 'name', Values: ['batch/'] }] })
      expect(SecretValues.map(({ Name }) => Name)).toEqual(['batch/a', 'batch/b', 'batch/c'])
      expect(Errors.map(({ ErrorCode }) => ErrorCode)).toEqual(['ResourceNotFoundException'])
    })

    it('gives pages of filtered secrets', async () => {
      const Filters = [{ Key: 'name', Values: ['batch/a', 'batch/b', 'batch/c'] }]
      const first = await batch({ Filters, MaxResults: 2 })
      expect(first.SecretValues.map(({ Name }) => Name)).toEqual(['batch/a', 'batch/b'])
      const second = await batch({ Filters, MaxResults: 2, NextToken: first.NextToken })
      expect(second.SecretValues.map(({ Name }) => Name)).toEqual(['batch/c'])
      expect(second).not.toHaveProperty('NextToken')
    })

    it('notes the day of each read', async () => {
      await store.ok('CreateSecret', { Name: 'batch/read', SecretString: 'v' })
      await batch({ SecretIdList: ['batch/read'] })
      expect(await store.ok('DescribeSecret', { SecretId: 'batch/read' })).toHaveProperty('LastAccessedDate')
    })
  })

  describe('errors', () => {
    it('are of one secret each, beside the values of the others', async () => {
      const SecretIdList = ['batch/a', 'nowhere', 'batch/going', 'batch/empty', 'not a name']
      const { SecretValues, Errors } = await batch({ SecretIdList })
      expect(SecretValues.map(({ Name }) => Name)).toEqual(['batch/a'])
      expect(Errors).toEqual([
        {
          SecretId: 'nowhere',
          ErrorCode: 'ResourceNotFoundException',
          Message: "Secrets Manager can't find the specified secret.",
        },
        {
          SecretId: 'batch/going',
          ErrorCode: 'InvalidRequestException',
          Message: "You can't perform this operation on the secret because it was marked for deletion.",
        },
        {
          SecretId: 'batch/empty',
          ErrorCode: 'ResourceNotFoundException',
          Message: "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
        },
        {
          SecretId: 'not a name',
          ErrorCode: 'ValidationException',
          Message:
            'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!',
        },
      ])
    })

    it('tell that a secret belongs to an account that the caller may not read in', async () => {
      const arn = (arns.get('batch/a') ?? '').replace(':000000000000:', ':111111111111:')
      const { SecretValues, Errors } = await batch({ SecretIdList: [arn, 'batch/a'] })
      expect([SecretValues.length, Errors[0]?.ErrorCode]).toEqual([1, 'AccessDeniedException'])
      expect(Errors[0]?.Message).toMatch(
        /is not authorized to perform: secretsmanager:GetSecretValue on resource: arn:/,
      )
    })

    it('come from a list and filters together, or neither', async () => {
      const text = "InvalidParameterException: Either 'SecretIdList' or 'Filters' must be provided, but not both."
      expect(await refused({})).toBe(text)
      expect(await refused({ SecretIdList: ['a'], Filters: [{ Key: 'name', Values: ['a'] }] })).toBe(text)
      expect(await refused({ SecretIdList: ['a'], MaxResults: 1 })).toBe(
        "InvalidParameterException: 'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is provided.",
      )
    })

    it('come from bounds and tokens', async () => {
      expect(await refused({ SecretIdList: [] })).toMatch(/^ValidationException: .*'secretIdList'.*equal to 1$/)
      expect(await refused({ SecretIdList: Array.from({ length: 21 }, () => 'a') })).toMatch(/equal to 20$/)
      const Filters = [{ Key: 'name', Values: ['batch'] }]
      expect(await refused({ Filters, MaxResults: 21 })).toMatch(/^ValidationException: .*'maxResults'/)
      expect(await refused({ Filters: [{ Key: 'name', Values: ['a*b'] }] })).toMatch(/regular expression pattern/)
      const invalid = 'InvalidNextTokenException: The NextToken value is invalid.'
      expect(await refused({ Filters, NextToken: 'x' })).toBe(invalid)
      expect(await refused({ SecretIdList: ['batch/a'], NextToken: 'x' })).toBe(invalid)
      const { NextToken } = await store.ok('ListSecrets', { Filters, MaxResults: 1 })
      expect(await refused({ Filters, NextToken })).toBe(invalid)
    })
  })

  it('leaves an audit record for each secret, with the name of its error', async () => {
    await batch({ SecretIdList: ['batch/a', 'nowhere'] })
    const records = (await auditTail({ ...store.database, limit: 3 })).map(({ record }) => record)
    expect(records).toMatchObject([
      { action: 'secretsmanager:BatchGetSecretValue', decision: 'allow' },
      {
        action: 'secretsmanager:GetSecretValue',
        resource: arns.get('batch/a'),
        decision: 'allow',
        detail: { VersionId: tokenOf('v1') },
      },
      {
        action: 'secretsmanager:GetSecretValue',
        resource: 'nowhere',
        decision: 'error',
        detail: { Error: 'ResourceNotFoundException' },
      },
    ])
    expect(new Set(records.map(({ requestId }) => requestId)).size).toBe(1)
  })
})
