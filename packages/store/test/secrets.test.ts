import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestStore, tokenOf } from './test-store.ts'

const store = new TestStore()
beforeAll(() => store.start())
afterAll(() => store.remove())

const dayS = 86_400
const nowS = () => store.clock.nowMs() / 1000
const notFound = "ResourceNotFoundException: Secrets Manager can't find the specified secret."
const marked =
  "InvalidRequestException: You can't perform this operation on the secret because it was marked for deletion."

describe('CreateSecret', () => {
  it('gives an ARN with six random characters, and a version only for a value', async () => {
    const bare = await store.ok('CreateSecret', { Name: 'create/bare' })
    expect(Object.keys(bare).toSorted()).toEqual(['ARN', 'Name'])
    expect(bare['ARN']).toMatch(/^arn:aws:secretsmanager:eu-west-1:000000000000:secret:create\/bare-[A-Za-z0-9]{6}$/)
    expect(await store.ok('DescribeSecret', { SecretId: 'create/bare' })).toEqual({
      ARN: bare['ARN'],
      Name: 'create/bare',
      CreatedDate: nowS(),
      LastChangedDate: nowS(),
    })
    const token = tokenOf('first')
    const full = { Name: 'create/full', SecretString: 'v', ClientRequestToken: token, Description: 'd' }
    expect(await store.ok('CreateSecret', full)).toMatchObject({ Name: 'create/full', VersionId: token })
    expect(await store.ok('DescribeSecret', { SecretId: 'create/full' })).toMatchObject({
      Description: 'd',
      VersionIdsToStages: { [token]: ['AWSCURRENT'] },
    })
  })

  it('is one secret for the same token and value, and refuses everything else under a taken name', async () => {
    const input = { Name: 'create/once', SecretString: 'v', ClientRequestToken: tokenOf('once') }
    const first = await store.ok('CreateSecret', input)
    expect(await store.ok('CreateSecret', input)).toEqual(first)
    expect(await store.refused('CreateSecret', { ...input, SecretString: 'w' })).toBe(
      `ResourceExistsException: You can't use ClientRequestToken ${tokenOf('once')} because that value is already in use for a version of secret ${first['ARN']}.`,
    )
    expect(await store.refused('CreateSecret', { ...input, ClientRequestToken: tokenOf('other') })).toBe(
      'ResourceExistsException: The operation failed because the secret create/once already exists.',
    )
  })

  it('makes one secret of many calls at once', async () => {
    const calls = Array.from({ length: 10 }, () =>
      store.call('CreateSecret', { Name: 'create/race', SecretString: 'v' }),
    )
    const statuses = (await Promise.all(calls)).map(({ status }) => status).toSorted((a, b) => a - b)
    expect(statuses).toEqual([200, ...Array.from({ length: 9 }, () => 400)])
  })

  it('keeps tags in their order and refuses bad ones', async () => {
    const Tags = [
      { Key: 'z', Value: '1' },
      { Key: 'a', Value: '' },
    ]
    await store.ok('CreateSecret', { Name: 'create/tags', Tags })
    expect((await store.ok('DescribeSecret', { SecretId: 'create/tags' }))['Tags']).toEqual(Tags)
    const refused = (tags: unknown) => store.refused('CreateSecret', { Name: 'create/bad-tags', Tags: tags })
    expect(await refused([{ Key: 'aws:x', Value: '1' }])).toMatch(/^InvalidParameterException/)
    expect(await refused([Tags[0], Tags[0]])).toMatch(/^InvalidParameterException/)
    expect(await refused([{ Value: '1' }])).toMatch(/^InvalidParameterException/)
    expect(await refused([{ Key: 'k'.repeat(129), Value: '' }])).toMatch(/^ValidationException: .*'tags.1.member.key'/)
    const many = Array.from({ length: 51 }, (_, index) => ({ Key: `k${index}`, Value: '' }))
    expect(await refused(many)).toMatch(/^LimitExceededException/)
    await store.ok('CreateSecret', { Name: 'create/many-tags', Tags: many.slice(1) })
  })

  it('ignores what it does not know', async () => {
    await store.ok('CreateSecret', {
      Name: 'create/ignored',
      SomethingElse: 1,
      KmsKeyId: 'alias/aws/secretsmanager',
    })
  })
})

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

describe('DeleteSecret', () => {
  it('schedules: the secret is described, not used, and comes back by RestoreSecret', async () => {
    await store.ok('CreateSecret', { Name: 'delete/soft', SecretString: 'v' })
    const deleted = await store.ok('DeleteSecret', { SecretId: 'delete/soft' })
    expect(deleted['DeletionDate']).toBe(nowS() + 30 * dayS)
    expect(await store.ok('DescribeSecret', { SecretId: 'delete/soft' })).toMatchObject({ DeletedDate: nowS() })
    expect(await store.refused('GetSecretValue', { SecretId: 'delete/soft' })).toBe(marked)
    expect(await store.refused('PutSecretValue', { SecretId: 'delete/soft', SecretString: 'w' })).toBe(marked)
    expect(await store.refused('UpdateSecret', { SecretId: 'delete/soft', Description: 'w' })).toBe(marked)
    expect(await store.refused('DeleteSecret', { SecretId: 'delete/soft' })).toBe(
      "InvalidRequestException: You tried to perform the operation on a secret that's currently marked deleted.",
    )
    expect(await store.refused('CreateSecret', { Name: 'delete/soft' })).toBe(
      "InvalidRequestException: You can't create this secret because a secret with this name is already scheduled for deletion.",
    )
    expect(Object.keys(await store.ok('RestoreSecret', { SecretId: 'delete/soft' })).toSorted()).toEqual([
      'ARN',
      'Name',
    ])
    expect(await store.ok('GetSecretValue', { SecretId: 'delete/soft' })).toMatchObject({ SecretString: 'v' })
    expect(await store.ok('DescribeSecret', { SecretId: 'delete/soft' })).not.toHaveProperty('DeletedDate')
  })

  it('removes at once when forced, also what is scheduled, and says yes to what is not there', async () => {
    await store.ok('CreateSecret', { Name: 'delete/hard', SecretString: 'v' })
    await store.ok('DeleteSecret', { SecretId: 'delete/hard', RecoveryWindowInDays: 7 })
    const force = { SecretId: 'delete/hard', ForceDeleteWithoutRecovery: true }
    expect((await store.ok('DeleteSecret', force))['DeletionDate']).toBe(nowS())
    expect(await store.refused('DescribeSecret', { SecretId: 'delete/hard' })).toBe(notFound)
    expect((await store.ok('DeleteSecret', force))['ARN']).toMatch(/:secret:delete\/hard-\w{6}$/)
    const { ARN } = await store.ok('CreateSecret', { Name: 'delete/hard' })
    expect(await store.ok('DescribeSecret', { SecretId: 'delete/hard' })).toMatchObject({ ARN })
    expect(await store.refused('DeleteSecret', { SecretId: 'delete/nowhere' })).toBe(notFound)
  })

  it('allows 7 to 30 days, and no window with force', async () => {
    await store.ok('CreateSecret', { Name: 'delete/window' })
    const refused = (more: object) => store.refused('DeleteSecret', { SecretId: 'delete/window', ...more })
    for (const RecoveryWindowInDays of [6, 31, 0, -1])
      expect(await refused({ RecoveryWindowInDays })).toBe(
        'InvalidParameterException: The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).',
      )
    expect(await refused({ RecoveryWindowInDays: 7, ForceDeleteWithoutRecovery: true })).toBe(
      "InvalidParameterException: You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
    )
    expect(await refused({ RecoveryWindowInDays: 7.5 })).toMatch(/^SerializationException/)
  })

  it('ends with the window: the secret is absent at once, its name is free, and a sweep removes its rows', async () => {
    const first = await store.ok('CreateSecret', { Name: 'delete/gone', SecretString: 'v' })
    await store.ok('CreateSecret', { Name: 'delete/swept', SecretString: 'v' })
    for (const SecretId of ['delete/gone', 'delete/swept'])
      await store.ok('DeleteSecret', { SecretId, RecoveryWindowInDays: 7 })
    const before = await store.running?.countSecrets()
    await store.clock.advance(7 * dayS * 1000 - 1)
    await store.ok('DescribeSecret', { SecretId: 'delete/gone' })
    await store.clock.advance(1)
    for (const operation of ['DescribeSecret', 'GetSecretValue', 'RestoreSecret', 'DeleteSecret'])
      expect(await store.refused(operation, { SecretId: 'delete/gone' })).toBe(notFound)
    expect(await store.running?.countSecrets()).toBe((before ?? 0) - 2)
    const second = await store.ok('CreateSecret', { Name: 'delete/gone', SecretString: 'w' })
    expect(second['ARN']).not.toBe(first['ARN'])
    await store.clock.advance(60_000)
    await expect.poll(() => store.changes.includes('delete/swept')).toBe(true)
    expect(await store.ok('GetSecretValue', { SecretId: 'delete/gone' })).toMatchObject({ SecretString: 'w' })
  })

  it('leaves a live secret as it is when it is restored', async () => {
    await store.ok('CreateSecret', { Name: 'delete/live' })
    await store.ok('RestoreSecret', { SecretId: 'delete/live' })
    expect(await store.refused('RestoreSecret', { SecretId: 'delete/nowhere' })).toBe(notFound)
  })
})
