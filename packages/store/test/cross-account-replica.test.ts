import { type AwsCredentials } from '@keyplane/aws'
import { parseIam } from '@keyplane/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Body, developer, TestStore } from './test-store.ts'

const other: AwsCredentials = { accessKeyId: 'AKIAOTHER00000000001', secretAccessKey: 'others-secret-access-key-0001' }
const policies = ['AdministratorAccess']
const iam = parseIam(
  JSON.stringify({
    accounts: {
      '000000000000': { users: [{ name: 'developer', accessKeys: [developer], policies }] },
      '111111111111': { users: [{ name: 'other', accessKeys: [other], policies }] },
    },
  }),
)
const store = new TestStore()
beforeAll(() => store.start({ iam }))
afterAll(() => store.remove())

let made = 0
const newSecret = async (): Promise<string> => {
  made += 1
  return (await store.ok('CreateSecret', { Name: `across/${made}`, SecretString: 'v' })).ARN
}
const there = (operation: string, input: Body) => store.ok(operation, input, { credentials: other })
const associate = (SecretId: string, CrossAccountReplicaARN: string) =>
  store.ok('AssociateCrossAccountReplica', { SecretId, CrossAccountReplicaARN })
/** Makes a replica in the other account, under a key that the primary's account may use. */
const newReplica = async (CrossAccountPrimaryARN: string): Promise<string> => {
  made += 1
  const Principal = { AWS: ['000000000000', '111111111111'].map((id) => `arn:aws:iam::${id}:root`) }
  const Policy = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal, Action: 'kms:*', Resource: '*' }] }
  const { body } = await store.send({
    service: 'kms',
    headers: { 'x-amz-target': 'TrentService.CreateKey' },
    body: JSON.stringify({ Policy: JSON.stringify(Policy) }),
    credentials: other,
  })
  const KmsKeyId = (body['KeyMetadata'] as { readonly Arn: string }).Arn
  return (await there('CreateSecret', { Name: `across/${made}`, CrossAccountPrimaryARN, KmsKeyId })).ARN
}
const elsewhere = (operation: string, input: Body) => store.refused(operation, input, { credentials: other })

describe('CreateSecret with CrossAccountPrimaryARN', () => {
  describe('errors', () => {
    it('come from a primary that is no complete ARN, is of the own account, or of another region', async () => {
      const arn = await newSecret()
      const create = (CrossAccountPrimaryARN: string, more: Body = {}) =>
        elsewhere('CreateSecret', { Name: 'across/replica', CrossAccountPrimaryARN, ...more })
      expect(await create(arn.slice(0, -7))).toMatch(/^InvalidParameterException: .*complete ARN/)
      expect(await create(arn.replace('000000000000', '111111111111'))).toMatch(/^InvalidParameterException: .*another/)
      expect(await create(arn.replace('eu-west-1', 'eu-west-2'))).toMatch(/^InvalidParameterException: .*same Region/)
      expect(await create('short')).toMatch(/^ValidationException: .*'crossAccountPrimaryARN'/)
    })

    it('come from a value, a description, regions or a type of its own, and from the default key', async () => {
      const CrossAccountPrimaryARN = await newSecret()
      for (const more of [
        { SecretString: 'x' },
        { SecretBinary: 'eA==' },
        { Description: 'x' },
        { Type: 'x' },
        { AddReplicaRegions: [{ Region: 'eu-west-2' }] },
      ])
        expect(await elsewhere('CreateSecret', { Name: 'across/replica', CrossAccountPrimaryARN, ...more })).toMatch(
          new RegExp(`^InvalidParameterException: .*${Object.keys(more)[0]}`),
        )
      for (const KmsKeyId of [undefined, '', 'alias/aws/secretsmanager'])
        expect(await elsewhere('CreateSecret', { Name: 'across/replica', CrossAccountPrimaryARN, KmsKeyId })).toMatch(
          /^InvalidParameterException: .*customer managed KMS key/,
        )
    })
  })
})

describe('AssociateCrossAccountReplica', () => {
  describe('errors', () => {
    it('come from a replica that is no complete ARN of another account in the same region', async () => {
      const SecretId = await newSecret()
      const associate = (CrossAccountReplicaARN: string, more: Body = {}) =>
        store.refused('AssociateCrossAccountReplica', { SecretId, CrossAccountReplicaARN, ...more })
      const replica = SecretId.replace('000000000000', '111111111111')
      for (const wrong of [SecretId, replica.slice(0, -7), replica.replace('eu-west-1', 'eu-west-2')])
        expect(await associate(wrong)).toMatch(/^InvalidParameterException: .*CrossAccountReplicaARN/)
      expect(await associate(replica, { ReplicationRoleARN: 'arn:aws:iam::111111111111:role/other' })).toMatch(
        /^InvalidParameterException: .*ReplicationRoleARN/,
      )
      expect(await associate(replica, { ReplicaRestriction: 'Some' })).toMatch(/^ValidationException: .*enum/)
      expect(await store.refused('AssociateCrossAccountReplica', { SecretId })).toMatch(
        /Value null at 'crossAccountReplicaARN'/,
      )
    })

    it('do not tell whether a secret is there that nobody lets the caller see', async () => {
      const SecretId = await newSecret()
      const { ARN } = await store.ok('CreateSecret', { Name: `across/hidden-${made}` }, { credentials: other })
      for (const CrossAccountReplicaARN of [ARN, SecretId.replace('000000000000', '111111111111')])
        expect(await store.refused('AssociateCrossAccountReplica', { SecretId, CrossAccountReplicaARN })).toMatch(
          /^AccessDeniedException: .*secretsmanager:AcceptCrossAccountReplication/,
        )
    })

    it('come from a secret that was not made to be its replica, and from a second replica', async () => {
      const [first, second] = [await newSecret(), await newSecret()]
      const { ARN } = await there('CreateSecret', { Name: `across/plain-${made}` })
      const Principal = { AWS: 'arn:aws:iam::000000000000:root' }
      const Statement = [{ Effect: 'Allow', Principal, Action: 'secretsmanager:*', Resource: '*' }]
      const ResourcePolicy = JSON.stringify({ Version: '2012-10-17', Statement })
      await there('PutResourcePolicy', { SecretId: ARN, ResourcePolicy })
      const refused = (SecretId: string, CrossAccountReplicaARN: string) =>
        store.refused('AssociateCrossAccountReplica', { SecretId, CrossAccountReplicaARN })
      expect(await refused(first, ARN)).toMatch(/^InvalidRequestException/)
      const replica = await newReplica(first)
      expect(await refused(second, replica)).toMatch(/^AccessDeniedException/)
      await associate(first, replica)
      expect(await refused(first, await newReplica(first))).toMatch(/^LimitExceededException/)
    })
  })

  it('lets the replica follow: value, labels and description, not tags', async () => {
    const primary = await newSecret()
    const replica = await newReplica(primary)
    expect(await there('DescribeSecret', { SecretId: replica })).toMatchObject({
      CrossAccountPrimary: { PrimarySecretARN: primary, ReplicationStatus: 'Pending' },
    })
    expect(await associate(primary, replica)).toEqual({
      ARN: primary,
      CrossAccountReplicaARN: replica,
      ReplicationStatus: 'InProgress',
    })
    await store.ok('PutSecretValue', { SecretId: primary, SecretString: 'two' })
    await store.ok('UpdateSecret', { SecretId: primary, Description: 'd' })
    await store.ok('TagResource', { SecretId: primary, Tags: [{ Key: 'k', Value: 'primary' }] })
    await there('TagResource', { SecretId: replica, Tags: [{ Key: 'k', Value: 'replica' }] })
    expect((await there('GetSecretValue', { SecretId: replica })).SecretString).toBe('two')
    const [described, own] = [
      await there('DescribeSecret', { SecretId: replica }),
      await store.ok('DescribeSecret', { SecretId: primary }),
    ]
    expect(described).toMatchObject({
      Description: 'd',
      Tags: [{ Key: 'k', Value: 'replica' }],
      VersionIdsToStages: own.VersionIdsToStages,
      CrossAccountPrimary: { PrimarySecretARN: primary, ReplicationStatus: 'InSync' },
    })
    expect(own['CrossAccountReplicas']).toEqual([{ ReplicaSecretARN: replica, ReplicationStatus: 'InSync' }])
    expect(own).not.toHaveProperty('ReplicationStatus')
    for (const operation of ['PutSecretValue', 'DeleteSecret'])
      expect(await elsewhere(operation, { SecretId: replica, SecretString: 'x' })).toMatch(
        /^InvalidParameterException: Operation not permitted on a replica secret/,
      )
    expect(await store.refused('DeleteSecret', { SecretId: primary })).toMatch(/^InvalidRequestException: .*associated/)
    await associate(primary, replica)
  })

  it('ends by StopReplicationToReplica, which detaches it', async () => {
    const primary = await newSecret()
    const replica = await newReplica(primary)
    await associate(primary, replica)
    expect(await there('StopReplicationToReplica', { SecretId: replica })).toEqual({ ARN: replica })
    const { CrossAccountReplicas } = await store.ok('DescribeSecret', { SecretId: primary })
    expect(CrossAccountReplicas).toEqual([{ ReplicaSecretARN: replica, ReplicationStatus: 'Detached' }])
    await there('PutSecretValue', { SecretId: replica, SecretString: 'own' })
    await store.ok('PutSecretValue', { SecretId: primary, SecretString: 'two' })
    expect((await there('GetSecretValue', { SecretId: replica })).SecretString).toBe('own')
    await store.ok('DeleteSecret', { SecretId: primary })
  })
})

describe('DisassociateCrossAccountReplica', () => {
  describe('errors', () => {
    it('come from a replica that does not follow', async () => {
      const SecretId = await newSecret()
      const CrossAccountReplicaARN = SecretId.replace('000000000000', '111111111111')
      const refused = (input: Body) => store.refused('DisassociateCrossAccountReplica', input)
      expect(await refused({ SecretId, CrossAccountReplicaARN })).toMatch(/^ResourceNotFoundException/)
      expect(await refused({ SecretId })).toMatch(/Value null at 'crossAccountReplicaARN'/)
    })
  })

  it('leaves the replica as it is, read-only, until it is made a secret of its own', async () => {
    const SecretId = await newSecret()
    const CrossAccountReplicaARN = await newReplica(SecretId)
    await associate(SecretId, CrossAccountReplicaARN)
    const input = { SecretId, CrossAccountReplicaARN }
    expect(await store.ok('DisassociateCrossAccountReplica', input)).toEqual({ ARN: SecretId, CrossAccountReplicaARN })
    expect(await store.ok('DescribeSecret', { SecretId })).not.toHaveProperty('CrossAccountReplicas')
    await store.ok('PutSecretValue', { SecretId, SecretString: 'two' })
    const replica = { SecretId: CrossAccountReplicaARN }
    expect((await there('GetSecretValue', replica)).SecretString).toBe('v')
    expect(await there('DescribeSecret', replica)).toMatchObject({
      CrossAccountPrimary: { ReplicationStatus: 'Detached' },
    })
    expect(await elsewhere('PutSecretValue', { ...replica, SecretString: 'x' })).toMatch(/replica secret/)
    await there('StopReplicationToReplica', replica)
    await there('PutSecretValue', { ...replica, SecretString: 'own' })
    await store.ok('DeleteSecret', { SecretId })
  })
})
