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

    it('come from a replica that lets nobody in', async () => {
      const SecretId = await newSecret()
      const CrossAccountReplicaARN = SecretId.replace('000000000000', '111111111111')
      expect(await store.refused('AssociateCrossAccountReplica', { SecretId, CrossAccountReplicaARN })).toMatch(
        /^AccessDeniedException: .*secretsmanager:AcceptCrossAccountReplication/,
      )
    })

    it('come from a secret that was not made to be a replica', async () => {
      const SecretId = await newSecret()
      const { ARN } = await store.ok('CreateSecret', { Name: `across/plain-${made}` }, { credentials: other })
      const Principal = { AWS: 'arn:aws:iam::000000000000:root' }
      const Statement = [{ Effect: 'Allow', Principal, Action: 'secretsmanager:*', Resource: '*' }]
      const ResourcePolicy = JSON.stringify({ Version: '2012-10-17', Statement })
      await store.ok('PutResourcePolicy', { SecretId: ARN, ResourcePolicy }, { credentials: other })
      expect(await store.refused('AssociateCrossAccountReplica', { SecretId, CrossAccountReplicaARN: ARN })).toMatch(
        /^InvalidRequestException/,
      )
    })
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
})
