import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { notFound } from './known-refusals.ts'
import { TestStore } from './test-store.ts'
const store = new TestStore()
beforeAll(() => store.start())
afterAll(() => store.remove())

describe('a SecretId', () => {
  it('is a name, an ARN or a partial ARN', async () => {
    const { ARN } = await store.ok('CreateSecret', { Name: 'id/one', SecretString: 'v' })
    for (const SecretId of ['id/one', ARN, ARN.slice(0, -7)])
      expect(await store.ok('GetSecretValue', { SecretId })).toMatchObject({ ARN, Name: 'id/one' })
    expect(await store.refused('GetSecretValue', { SecretId: `id/one-${ARN.slice(-6)}` })).toBe(notFound)
    expect(await store.refused('GetSecretValue', { SecretId: ARN.replace('eu-west-1', 'eu-west-2') })).toBe(notFound)
    expect(await store.refused('GetSecretValue', { SecretId: 'id/one' }, { region: 'eu-west-2' })).toBe(notFound)
    expect(await store.refused('GetSecretValue', { SecretId: ARN }, { region: 'eu-west-2' })).toBe(notFound)
  })

  it('is of the partition that its region is in, complete or partial', async () => {
    const { ARN } = await store.ok('CreateSecret', { Name: 'id/partition', SecretString: 'v' })
    const elsewhere = ARN.replace('arn:aws:', 'arn:aws-cn:')
    for (const SecretId of [elsewhere, elsewhere.slice(0, -7)])
      expect(await store.refused('GetSecretValue', { SecretId })).toBe(notFound)
  })

  it('is taken for a complete ARN when its name ends like one', async () => {
    const { ARN } = await store.ok('CreateSecret', { Name: 'id/X-a1b2c3', SecretString: 'v' })
    expect(await store.refused('GetSecretValue', { SecretId: ARN.slice(0, -7) })).toBe(notFound)
    await store.ok('GetSecretValue', { SecretId: ARN })
    for (const Name of ['id/Valid/_+=.@-Name-a1b2', 'id/Valid/_+=.@-Name-a1b2c3-']) {
      const made = await store.ok('CreateSecret', { Name, SecretString: 'v' })
      await store.ok('GetSecretValue', { SecretId: made['ARN'].slice(0, -7) })
    }
  })

  it('is judged as a name before anything is looked up, by every operation', async () => {
    const operations = [
      'GetSecretValue',
      'PutSecretValue',
      'UpdateSecret',
      'DescribeSecret',
      'DeleteSecret',
      'RestoreSecret',
    ]
    for (const name of ['a b', 'a:b', 'ü', 'a*'])
      for (const operation of operations)
        expect(
          await store.refused(operation, {
            SecretId: name,
            ...(operation === 'PutSecretValue' && { SecretString: 'x' }),
          }),
        ).toBe(
          'ValidationException: Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!',
        )
    expect(await store.refused('CreateSecret', { Name: 'a b' })).toMatch(/^ValidationException: Invalid name/)
  })

  it('has bounds and a type', async () => {
    expect(await store.refused('DescribeSecret', {})).toBe(
      "ValidationException: 1 validation error detected: Value null at 'secretId' failed to satisfy constraint: Member must not be null",
    )
    expect(await store.refused('DescribeSecret', { SecretId: '' })).toMatch(/have length greater than or equal to 1/)
    expect(await store.refused('DescribeSecret', { SecretId: 'x'.repeat(2049) })).toMatch(/less than or equal to 2048/)
    for (const SecretId of [1, true, [], {}])
      expect(await store.refused('DescribeSecret', { SecretId })).toMatch(/^SerializationException: .*to a String$/)
  })
})
