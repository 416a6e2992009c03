import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inSync, london, paris, readOnly, replicaCalls, swapped } from './replica-calls.ts'
import { region, TestStore, tokenOf } from './test-store.ts'

const store = new TestStore()
beforeAll(() => store.start())
afterAll(() => store.remove())

const { newSecret, newName, replicate, describeIn, valueIn, refusedIn } = replicaCalls(store)

describe('ReplicateSecretToRegions', () => {
  describe('parameters', () => {
    it('makes a replica whose ARN differs in the region only, with value, labels, tags, description and policy', async () => {
      const Tags = [{ Key: 'k', Value: 'v' }]
      const { name, arn } = await newSecret({ Tags, Description: 'd' })
      const ResourcePolicy = JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { AWS: 'arn:aws:iam::000000000000:root' },
            Action: 'secretsmanager:GetSecretValue',
            Resource: '*',
          },
        ],
      })
      await store.ok('PutResourcePolicy', { SecretId: name, ResourcePolicy })
      await store.ok('PutSecretValue', { SecretId: name, SecretString: 'two', ClientRequestToken: tokenOf('v2') })
      expect(await replicate(name, paris)).toEqual({
        ARN: arn,
        ReplicationStatus: [{ Region: paris, KmsKeyId: 'alias/aws/secretsmanager', Status: 'InProgress' }],
      })
      expect(await describeIn(name, paris)).toEqual({
        ARN: swapped(arn, paris),
        Name: name,
        Description: 'd',
        CreatedDate: store.clock.nowMs() / 1000,
        LastChangedDate: store.clock.nowMs() / 1000,
        PrimaryRegion: region,
        Tags,
        VersionIdsToStages: { [tokenOf('v1')]: ['AWSPREVIOUS'], [tokenOf('v2')]: ['AWSCURRENT'] },
      })
      expect([await valueIn(name, paris), await valueIn(name, paris, { VersionStage: 'AWSPREVIOUS' })]).toEqual([
        'two',
        'one',
      ])
      expect((await store.ok('GetResourcePolicy', { SecretId: name }, { region: paris }))['ResourcePolicy']).toBe(
        ResourcePolicy,
      )
    })

    it('shows at the primary how it stands with each, and when it was read there', async () => {
      const { name } = await newSecret()
      await replicate(name, paris)
      await replicate(name, london)
      await valueIn(name, london)
      const day = Math.floor(store.clock.nowMs() / 86_400_000) * 86_400
      expect(await describeIn(name)).toMatchObject({
        PrimaryRegion: region,
        ReplicationStatus: [
          { Region: paris, ...inSync },
          { Region: london, ...inSync, LastAccessedDate: day },
        ],
      })
      const { SecretList } = await store.ok(
        'ListSecrets',
        { Filters: [{ Key: 'primary-region', Values: [region] }] },
        { region: london },
      )
      expect(SecretList).toMatchObject([{ Name: name, PrimaryRegion: region }])
    })

    it('leaves a replica that is there as it is', async () => {
      const { name } = await newSecret()
      await replicate(name, paris)
      const before = await describeIn(name, paris)
      await store.clock.advance(1_000)
      expect((await replicate(name, paris)).ReplicationStatus).toEqual([{ Region: paris, ...inSync }])
      expect(await describeIn(name, paris)).toEqual(before)
    })

    it('overwrites a secret of the same name only when told to', async () => {
      const { name, arn } = await newSecret()
      await store.ok('CreateSecret', { Name: name, SecretString: 'other' }, { region: paris })
      await replicate(name, paris)
      expect((await describeIn(name)).ReplicationStatus).toEqual([
        {
          Region: paris,
          KmsKeyId: 'alias/aws/secretsmanager',
          Status: 'Failed',
          StatusMessage: `Replication failed: Secret name ${name} already exists in region ${paris}.`,
        },
      ])
      expect(await valueIn(name, paris)).toBe('other')
      await store.ok('ReplicateSecretToRegions', {
        SecretId: name,
        AddReplicaRegions: [{ Region: paris }],
        ForceOverwriteReplicaSecret: true,
      })
      expect((await describeIn(name)).ReplicationStatus).toEqual([{ Region: paris, ...inSync }])
      expect([await valueIn(name, paris), (await describeIn(name, paris)).ARN]).toEqual(['one', swapped(arn, paris)])
    })

    it('never overwrites what is a replica or has replicas itself', async () => {
      const { name } = await newSecret()
      await store.ok('CreateSecret', { Name: name, AddReplicaRegions: [{ Region: paris }] }, { region: london })
      await store.ok('ReplicateSecretToRegions', {
        SecretId: name,
        AddReplicaRegions: [{ Region: paris }, { Region: london }],
        ForceOverwriteReplicaSecret: true,
      })
      const { ReplicationStatus } = await describeIn(name)
      expect(ReplicationStatus.map(({ Status, StatusMessage }) => [Status, StatusMessage])).toEqual(
        [paris, london].map((where) => [
          'Failed',
          `Replication failed: Secret name ${name} is currently replicated to ${where} with a different arn.`,
        ]),
      )
    })
  })

  describe('errors', () => {
    it('come from the own region, a region twice, one of another partition, and what is no region', async () => {
      const { name } = await newSecret()
      const refused = (...regions: unknown[]) =>
        store.refused('ReplicateSecretToRegions', {
          SecretId: name,
          AddReplicaRegions: regions.map((Region) => ({ Region })),
        })
      const invalid = 'InvalidParameterException: Invalid replica region.'
      expect(await refused(region)).toBe(invalid)
      expect(await refused(paris, paris)).toBe(invalid)
      expect(await refused('cn-north-1')).toBe(invalid)
      expect(await refused(undefined)).toBe(invalid)
      expect(await refused('Paris')).toMatch(/^ValidationException: .*regular expression/)
      expect(await refused()).toMatch(/^ValidationException: .*greater than or equal to 1$/)
      expect(await store.refused('ReplicateSecretToRegions', { SecretId: name })).toMatch(/Value null at 'addReplica/)
    })

    it('come from a secret that is not there, is going, or is a replica', async () => {
      const AddReplicaRegions = [{ Region: london }]
      expect(await store.refused('ReplicateSecretToRegions', { SecretId: 'nowhere', AddReplicaRegions })).toMatch(
        /^ResourceNotFoundException/,
      )
      const { name } = await newSecret()
      await replicate(name, paris)
      expect(await refusedIn('ReplicateSecretToRegions', { SecretId: name, AddReplicaRegions })).toBe(readOnly)
      const going = await newSecret()
      await store.ok('DeleteSecret', { SecretId: going.name })
      expect(await store.refused('ReplicateSecretToRegions', { SecretId: going.name, AddReplicaRegions })).toMatch(
        /^InvalidRequestException: .*marked for deletion/,
      )
    })
  })
})

describe('CreateSecret with AddReplicaRegions', () => {
  it('makes secret and replicas at once', async () => {
    const Name = newName()
    const created = await store.ok('CreateSecret', {
      Name,
      SecretString: 'one',
      Tags: [{ Key: 'k', Value: 'v' }],
      AddReplicaRegions: [{ Region: paris }, { Region: london }],
    })
    expect(created.ReplicationStatus.map(({ Region, Status }) => [Region, Status])).toEqual([
      [paris, 'InProgress'],
      [london, 'InProgress'],
    ])
    for (const where of [paris, london]) {
      expect(await valueIn(Name, where)).toBe('one')
      expect(await describeIn(Name, where)).toMatchObject({ PrimaryRegion: region, Tags: [{ Key: 'k', Value: 'v' }] })
    }
  })

  it('makes the secret also where a replica fails, and overwrites when told to', async () => {
    const Name = newName()
    await store.ok('CreateSecret', { Name, SecretString: 'other' }, { region: paris })
    const AddReplicaRegions = [{ Region: paris }]
    await store.ok('CreateSecret', { Name, SecretString: 'one', AddReplicaRegions })
    expect((await describeIn(Name)).ReplicationStatus[0]?.Status).toBe('Failed')
    expect(await valueIn(Name, paris)).toBe('other')
    const Forced = newName()
    await store.ok('CreateSecret', { Name: Forced, SecretString: 'other' }, { region: paris })
    const ForceOverwriteReplicaSecret = true
    await store.ok('CreateSecret', {
      Name: Forced,
      SecretString: 'one',
      AddReplicaRegions,
      ForceOverwriteReplicaSecret,
    })
    expect(await valueIn(Forced, paris)).toBe('one')
  })

  it('is one secret for the same token', async () => {
    const input = {
      Name: newName(),
      SecretString: 'one',
      ClientRequestToken: tokenOf('v1'),
      AddReplicaRegions: [{ Region: paris }],
    }
    const { ARN } = await store.ok('CreateSecret', input)
    expect(await store.ok('CreateSecret', input)).toMatchObject({
      ARN,
      ReplicationStatus: [{ Region: paris, ...inSync }],
    })
  })

  it('refuses its own region', async () => {
    expect(await store.refused('CreateSecret', { Name: 'replicas/own', AddReplicaRegions: [{ Region: region }] })).toBe(
      'InvalidParameterException: Invalid replica region.',
    )
    expect(await store.refused('DescribeSecret', { SecretId: 'replicas/own' })).toMatch(/^ResourceNotFoundException/)
  })
})
