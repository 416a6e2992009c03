import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Body, region, TestStore, tokenOf } from './test-store.ts'

const store = new TestStore()
beforeAll(() => store.start())
afterAll(() => store.remove())

const paris = 'eu-west-3'
const london = 'eu-west-2'
const readOnly =
  "InvalidParameterException: Operation not permitted on a replica secret. Call must be made in primary secret's region."
const inSync = { KmsKeyId: 'alias/aws/secretsmanager', Status: 'InSync', StatusMessage: 'Replication succeeded' }

let made = 0
const newSecret = async (more: Body = {}): Promise<{ name: string; arn: string }> => {
  made += 1
  const name = `replicas/${made}`
  const { ARN } = await store.ok('CreateSecret', {
    Name: name,
    SecretString: 'one',
    ClientRequestToken: tokenOf('v1'),
    ...more,
  })
  return { name, arn: ARN }
}
const replicate = (SecretId: string, ...regions: string[]) =>
  store.ok('ReplicateSecretToRegions', { SecretId, AddReplicaRegions: regions.map((Region) => ({ Region })) })
const describeIn = (SecretId: string, where: string = region) =>
  store.ok('DescribeSecret', { SecretId }, { region: where })
const valueIn = async (SecretId: string, where: string, more: Body = {}) =>
  (await store.ok('GetSecretValue', { SecretId, ...more }, { region: where })).SecretString
const refusedIn = (operation: string, input: Body, where: string = paris) =>
  store.refused(operation, input, { region: where })
const swapped = (arn: string, where: string) => arn.replace(region, where)

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
    made += 1
    const Name = `replicas/${made}`
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
    made += 1
    const Name = `replicas/${made}`
    await store.ok('CreateSecret', { Name, SecretString: 'other' }, { region: paris })
    const AddReplicaRegions = [{ Region: paris }]
    await store.ok('CreateSecret', { Name, SecretString: 'one', AddReplicaRegions })
    expect((await describeIn(Name)).ReplicationStatus[0]?.Status).toBe('Failed')
    expect(await valueIn(Name, paris)).toBe('other')
    made += 1
    const Forced = `replicas/${made}`
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
    made += 1
    const input = {
      Name: `replicas/${made}`,
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

describe('DeleteSecret of a primary', () => {
  it('waits for its replicas', async () => {
    const { name, arn } = await newSecret({ AddReplicaRegions: [{ Region: paris }, { Region: london }] })
    const text = `InvalidParameterException: You can't delete secret ${arn} that still has replica regions [${paris}, ${london}].`
    expect(await store.refused('DeleteSecret', { SecretId: name })).toBe(text)
    expect(await store.refused('DeleteSecret', { SecretId: name, ForceDeleteWithoutRecovery: true })).toBe(text)
    await store.ok('RemoveRegionsFromReplication', { SecretId: name, RemoveReplicaRegions: [paris, london] })
    await store.ok('DeleteSecret', { SecretId: name })
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
