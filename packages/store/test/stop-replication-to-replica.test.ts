import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inSync, london, paris, replicaCalls, swapped } from './replica-calls.ts'
import { TestStore } from './test-store.ts'

const store = new TestStore()
beforeAll(() => store.start())
afterAll(() => store.remove())

const { newSecret, replicate, describeIn, valueIn, refusedIn } = replicaCalls(store)

describe('StopReplicationToReplica', () => {
  it('makes the replica a secret of its own, with the same ARN', async () => {
    const { name, arn } = await newSecret({ AddReplicaRegions: [{ Region: paris }, { Region: london }] })
    expect(await store.ok('StopReplicationToReplica', { SecretId: name }, { region: paris })).toEqual({
      ARN: swapped(arn, paris),
    })
    expect((await describeIn(name)).ReplicationStatus).toEqual([{ Region: london, ...inSync }])
    await store.ok('PutSecretValue', { SecretId: name, SecretString: 'here' }, { region: paris })
    await store.ok('PutSecretValue', { SecretId: name, SecretString: 'there' })
    expect([await valueIn(name, paris), await valueIn(name, london)]).toEqual(['here', 'there'])
    expect(await describeIn(name, paris)).not.toHaveProperty('PrimaryRegion')
    await store.ok('DeleteSecret', { SecretId: name }, { region: paris })
  })

  it('leaves a primary without replicas a secret as any other', async () => {
    const { name } = await newSecret({ AddReplicaRegions: [{ Region: paris }] })
    await store.ok('StopReplicationToReplica', { SecretId: name }, { region: paris })
    expect(await describeIn(name)).not.toHaveProperty('PrimaryRegion')
    await store.ok('DeleteSecret', { SecretId: name })
  })

  it('lets what was promoted be overwritten by a new replica only when told to', async () => {
    const { name } = await newSecret({ AddReplicaRegions: [{ Region: paris }] })
    await store.ok('StopReplicationToReplica', { SecretId: name }, { region: paris })
    await store.ok('PutSecretValue', { SecretId: name, SecretString: 'here' }, { region: paris })
    await replicate(name, paris)
    expect(await valueIn(name, paris)).toBe('here')
    const force = { AddReplicaRegions: [{ Region: paris }], ForceOverwriteReplicaSecret: true }
    await store.ok('ReplicateSecretToRegions', { SecretId: name, ...force })
    expect(await valueIn(name, paris)).toBe('one')
  })

  it('refuses what is no replica', async () => {
    const { name } = await newSecret({ AddReplicaRegions: [{ Region: paris }] })
    expect(await store.refused('StopReplicationToReplica', { SecretId: name })).toMatch(/^InvalidParameterException/)
    expect(await refusedIn('StopReplicationToReplica', { SecretId: 'nowhere' })).toMatch(/^ResourceNotFoundException/)
  })
})
