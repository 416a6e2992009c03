import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inSync, london, paris, replicaCalls } from './replica-calls.ts'
import { TestStore } from './test-store.ts'

const store = new TestStore()
beforeAll(() => store.start())
afterAll(() => store.remove())

const { newSecret, replicate, describeIn, valueIn, refusedIn } = replicaCalls(store)

describe('RemoveRegionsFromReplication', () => {
  it('deletes replicas at once, and answers those that are left', async () => {
    const { name, arn } = await newSecret({ AddReplicaRegions: [{ Region: paris }, { Region: london }] })
    const remove = (...RemoveReplicaRegions: string[]) =>
      store.ok('RemoveRegionsFromReplication', { SecretId: name, RemoveReplicaRegions })
    expect(await remove(paris, 'eu-north-1')).toEqual({
      ARN: arn,
      ReplicationStatus: [{ Region: london, ...inSync }],
    })
    expect(await refusedIn('DescribeSecret', { SecretId: name })).toMatch(/^ResourceNotFoundException/)
    expect(await remove(london)).toEqual({ ARN: arn, ReplicationStatus: [] })
    const described = await describeIn(name)
    expect(described).not.toHaveProperty('ReplicationStatus')
    expect(described).not.toHaveProperty('PrimaryRegion')
    await store.ok('CreateSecret', { Name: name }, { region: paris })
  })

  it('forgets a replica that failed, and leaves what took its place', async () => {
    const { name } = await newSecret()
    await store.ok('CreateSecret', { Name: name, SecretString: 'other' }, { region: paris })
    await replicate(name, paris)
    await store.ok('RemoveRegionsFromReplication', { SecretId: name, RemoveReplicaRegions: [paris] })
    expect(await describeIn(name)).not.toHaveProperty('ReplicationStatus')
    expect(await valueIn(name, paris)).toBe('other')
  })

  it('refuses bounds', async () => {
    const { name } = await newSecret()
    const refused = (RemoveReplicaRegions: unknown) =>
      store.refused('RemoveRegionsFromReplication', { SecretId: name, RemoveReplicaRegions })
    expect(await refused([])).toMatch(/^ValidationException: .*greater than or equal to 1$/)
    expect(await refused(['Paris'])).toMatch(/^ValidationException: .*regular expression/)
    expect(await refused(undefined)).toMatch(/Value null at 'removeReplicaRegions'/)
  })
})

describe('DeleteSecret of a primary', () => {
  it('waits for its replicas', async () => {
    const { name, arn } = await newSecret({ AddReplicaRegions: [{ Region: paris }, { Region: london }] })
    const text = `InvalidParameterException: You can't delete secret ${arn} that still has replica regions [${paris}, ${london}]`
    expect(await store.refused('DeleteSecret', { SecretId: name })).toBe(text)
    expect(await store.refused('DeleteSecret', { SecretId: name, ForceDeleteWithoutRecovery: true })).toBe(text)
    await store.ok('RemoveRegionsFromReplication', { SecretId: name, RemoveReplicaRegions: [paris, london] })
    await store.ok('DeleteSecret', { SecretId: name })
  })
})
