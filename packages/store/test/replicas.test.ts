import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inSync, london, paris, readOnly, replicaCalls, swapped } from './replica-calls.ts'
import { type Body, region, TestStore, tokenOf } from './test-store.ts'

const store = new TestStore()
beforeAll(() => store.start())
afterAll(() => store.remove())

const { newSecret, replicate, describeIn, valueIn, refusedIn } = replicaCalls(store)

describe('a replica', () => {
  it('follows every change of its primary', async () => {
    const { name } = await newSecret({ AddReplicaRegions: [{ Region: paris }] })
    const same = async () => {
      const [there, here] = [await describeIn(name, paris), await describeIn(name)]
      for (const member of ['Description', 'Tags', 'VersionIdsToStages', 'LastChangedDate', 'Type'] as const)
        expect(there[member]).toEqual(here[member])
      expect(await valueIn(name, paris)).toBe(await valueIn(name, region))
    }
    const changes: readonly (readonly [string, Body])[] = [
      ['PutSecretValue', { SecretString: 'two', ClientRequestToken: tokenOf('v2') }],
      ['PutSecretValue', { SecretString: 'three', ClientRequestToken: tokenOf('v3'), VersionStages: ['AWSPENDING'] }],
      [
        'UpdateSecretVersionStage',
        { VersionStage: 'AWSCURRENT', RemoveFromVersionId: tokenOf('v2'), MoveToVersionId: tokenOf('v3') },
      ],
      // The first version has no label any more.
      ['UpdateSecretVersionStage', { VersionStage: 'first', MoveToVersionId: tokenOf('v1') }],
      ['UpdateSecret', { Description: 'new' }],
      ['UpdateSecret', { SecretBinary: btoa('four'), ClientRequestToken: tokenOf('v4') }],
      ['TagResource', { Tags: [{ Key: 'a', Value: 'b' }] }],
      ['UntagResource', { TagKeys: ['a'] }],
    ]
    for (const [operation, input] of changes) {
      await store.clock.advance(1_000)
      await store.ok(operation, { SecretId: name, ...input })
      await same()
    }
    expect(await valueIn(name, paris, { VersionStage: 'first' })).toBe('one')
    const Statement = [{ Effect: 'Deny', Principal: '*', Action: 'secretsmanager:DeleteSecret', Resource: '*' }]
    const ResourcePolicy = JSON.stringify({ Version: '2012-10-17', Statement })
    await store.ok('PutResourcePolicy', { SecretId: name, ResourcePolicy })
    expect(await store.ok('GetResourcePolicy', { SecretId: name }, { region: paris })).toMatchObject({ ResourcePolicy })
    await store.ok('DeleteResourcePolicy', { SecretId: name })
    expect(await store.ok('GetResourcePolicy', { SecretId: name }, { region: paris })).not.toHaveProperty(
      'ResourcePolicy',
    )
  })

  it('gets a version that was deprecated before the replica was made, once it has a label', async () => {
    const { name } = await newSecret()
    for (const version of ['v2', 'v3'])
      await store.ok('PutSecretValue', { SecretId: name, SecretString: version, ClientRequestToken: tokenOf(version) })
    await replicate(name, paris)
    const VersionId = tokenOf('v1')
    expect(await refusedIn('GetSecretValue', { SecretId: name, VersionId })).toMatch(/^ResourceNotFoundException/)
    await store.ok('UpdateSecretVersionStage', { SecretId: name, VersionStage: 'old', MoveToVersionId: VersionId })
    expect(await valueIn(name, paris, { VersionId })).toBe('one')
  })

  it('is told of as changed too', async () => {
    const { name } = await newSecret({ AddReplicaRegions: [{ Region: paris }] })
    const before = store.changes.length
    await store.ok('PutSecretValue', { SecretId: name, SecretString: 'two' })
    expect(store.changes.slice(before)).toEqual([name, name])
  })

  it('is read-only but for its key', async () => {
    const { name, arn } = await newSecret({ AddReplicaRegions: [{ Region: paris }] })
    const calls: readonly (readonly [string, Body])[] = [
      ['PutSecretValue', { SecretString: 'x' }],
      ['UpdateSecret', { SecretString: 'x' }],
      ['UpdateSecret', { Description: 'x' }],
      ['UpdateSecret', {}],
      ['UpdateSecretVersionStage', { VersionStage: 'x', MoveToVersionId: tokenOf('v1') }],
      ['TagResource', { Tags: [{ Key: 'a', Value: 'b' }] }],
      ['UntagResource', { TagKeys: ['a'] }],
      ['DeleteResourcePolicy', {}],
      ['DeleteSecret', {}],
      ['DeleteSecret', { ForceDeleteWithoutRecovery: true }],
      ['RestoreSecret', {}],
      ['RemoveRegionsFromReplication', { RemoveReplicaRegions: [paris] }],
      ['RotateSecret', { ClientRequestToken: tokenOf('r') }],
      ['CancelRotateSecret', {}],
    ]
    for (const [operation, input] of calls)
      for (const SecretId of [name, swapped(arn, paris)])
        expect(await refusedIn(operation, { SecretId, ...input })).toBe(readOnly)
    await store.ok('UpdateSecret', { SecretId: name, KmsKeyId: '' }, { region: paris })
    expect(await valueIn(name, paris)).toBe('one')
    expect(await refusedIn('CreateSecret', { Name: name, SecretString: 'x' })).toMatch(/^ResourceExistsException/)
  })
})

describe('a primary and its replicas', () => {
  it('agree after writers, promotions and new replicas at once', async () => {
    const { name } = await newSecret({ AddReplicaRegions: [{ Region: paris }, { Region: london }] })
    const puts = Array.from({ length: 15 }, (_, index) =>
      store.call('PutSecretValue', { SecretId: name, SecretString: `w${index}` }),
    )
    const promoted = store.call('StopReplicationToReplica', { SecretId: name }, { region: paris })
    const answers = await Promise.all([...puts, promoted, replicate(name, 'eu-north-1')])
    expect(answers.slice(0, 16).map((answer) => answer['status'])).toEqual(Array.from({ length: 16 }, () => 200))
    const { VersionIdsToStages } = await describeIn(name)
    for (const where of [london, 'eu-north-1']) {
      expect((await describeIn(name, where)).VersionIdsToStages).toEqual(VersionIdsToStages)
      expect(await valueIn(name, where)).toBe(await valueIn(name, region))
    }
  })
})

describe('a replica under a key of its own', () => {
  const kms = async (operation: string, input: Body, where: string): Promise<Body> => {
    const body = JSON.stringify(input)
    const headers = { 'x-amz-target': `TrentService.${operation}` }
    return (await store.send({ service: 'kms', headers, body, region: where })).body
  }
  const newKey = async (where: string): Promise<string> => {
    const { KeyMetadata } = await kms('CreateKey', {}, where)
    return (KeyMetadata as { readonly Arn: string }).Arn
  }

  it('is encrypted under it, not under that of its primary', async () => {
    const KmsKeyId = await newKey(paris)
    const { name } = await newSecret({ AddReplicaRegions: [{ Region: paris, KmsKeyId }] })
    expect((await describeIn(name)).ReplicationStatus[0]?.KmsKeyId).toBe(KmsKeyId)
    expect((await describeIn(name, paris)).KmsKeyId).toBe(KmsKeyId)
    const keysIn = async (where: string) =>
      (await store.ok('ListSecretVersionIds', { SecretId: name }, { region: where })).Versions[0]?.KmsKeyIds
    expect([await keysIn(region), await keysIn(paris)]).toEqual([['DefaultEncryptionKey'], [KmsKeyId]])
    const other = await newKey(paris)
    await store.ok('UpdateSecret', { SecretId: name, KmsKeyId: other }, { region: paris })
    expect([await keysIn(paris), await valueIn(name, paris)]).toEqual([[other], 'one'])
    expect((await describeIn(name)).ReplicationStatus[0]?.KmsKeyId).toBe(other)
  })

  it('fails alone while the key cannot be used, and catches up with a later change', async () => {
    const KmsKeyId = await newKey(paris)
    const AddReplicaRegions = [{ Region: paris, KmsKeyId }, { Region: london }]
    const { name } = await newSecret({ AddReplicaRegions, Tags: [{ Key: 'k', Value: 'v' }] })
    await kms('DisableKey', { KeyId: KmsKeyId }, paris)
    for (const version of ['v2', 'v3'])
      await store.ok('PutSecretValue', { SecretId: name, SecretString: version, ClientRequestToken: tokenOf(version) })
    const statuses = async () =>
      (await describeIn(name)).ReplicationStatus.map(({ Status, StatusMessage }) => [Status, StatusMessage])
    const [first, second] = await statuses()
    expect(first?.[0]).toBe('Failed')
    expect(first?.[1]).toMatch(/^Replication failed: Secrets Manager can't encrypt/)
    expect([second?.[0], await valueIn(name, london)]).toEqual(['InSync', 'v3'])
    await kms('EnableKey', { KeyId: KmsKeyId }, paris)
    expect(await valueIn(name, paris)).toBe('one')
    await store.ok('UntagResource', { SecretId: name, TagKeys: ['k'] })
    expect(await statuses()).toEqual([
      ['InSync', 'Replication succeeded'],
      ['InSync', 'Replication succeeded'],
    ])
    const [there, here] = [await describeIn(name, paris), await describeIn(name)]
    expect([there.VersionIdsToStages, there.Tags]).toEqual([here.VersionIdsToStages, []])
    expect([await valueIn(name, paris), await valueIn(name, paris, { VersionStage: 'AWSPREVIOUS' })]).toEqual([
      'v3',
      'v2',
    ])
  })

  it('is made anew, when that is asked for, if it could not follow', async () => {
    const KmsKeyId = await newKey(paris)
    const { name } = await newSecret({ AddReplicaRegions: [{ Region: paris, KmsKeyId }] })
    await kms('DisableKey', { KeyId: KmsKeyId }, paris)
    await store.ok('PutSecretValue', { SecretId: name, SecretString: 'two' })
    await replicate(name, paris)
    expect(await valueIn(name, paris)).toBe('two')
    expect((await describeIn(name)).ReplicationStatus).toMatchObject([{ Region: paris, ...inSync }])
  })

  it('is not made where the key cannot be used; its primary is', async () => {
    const KmsKeyId = await newKey(paris)
    await kms('DisableKey', { KeyId: KmsKeyId }, paris)
    const { name } = await newSecret({ AddReplicaRegions: [{ Region: paris, KmsKeyId }] })
    expect((await describeIn(name)).ReplicationStatus[0]?.Status).toBe('Failed')
    expect(await refusedIn('DescribeSecret', { SecretId: name })).toMatch(/^ResourceNotFoundException/)
  })
})
