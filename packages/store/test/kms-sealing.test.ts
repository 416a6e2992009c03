import * as kms from '@aws-sdk/client-kms'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allow, KmsStore, policy } from './kms-store.ts'

const elsewhere = 'us-east-1'
const secrets = allow('secretsmanager:*')
const tested = new KmsStore()
let admin: kms.KMSClient
beforeAll(async () => {
  const mayUse = (...actions: readonly string[]) => [policy(secrets, allow(actions.map((action) => `kms:${action}`)))]
  await tested.start({
    keyed: mayUse('GenerateDataKey', 'Decrypt'),
    encrypter: mayUse('GenerateDataKey', 'Decrypt', 'Encrypt'),
  })
  admin = tested.as('admin')
})
afterAll(() => tested.remove())

const as = (name: string) => ({ credentials: tested.credentials(name) })
const newKey = async (client = admin): Promise<string> =>
  (await client.send(new kms.CreateKeyCommand({}))).KeyMetadata?.Arn ?? ''
const keysOf = async (SecretId: string) => {
  const { Versions } = (await tested.store.ok('ListSecretVersionIds', { SecretId })) as {
    readonly Versions?: readonly { readonly KmsKeyIds?: readonly string[] }[]
  }
  return Versions?.flatMap(({ KmsKeyIds = [] }) => KmsKeyIds)
}

describe('a secret’s values, when its key changes', () => {
  it('go over to the new key where the caller may encrypt under it, and stay else', async () => {
    const [one, two] = [await newKey(), await newKey()]
    await tested.store.ok('CreateSecret', { Name: 'moves', SecretString: 'hunter2', KmsKeyId: one })
    await tested.store.ok('UpdateSecret', { SecretId: 'moves', KmsKeyId: two }, as('keyed'))
    expect(await keysOf('moves')).toEqual([one])
    await tested.store.ok('UpdateSecret', { SecretId: 'moves', KmsKeyId: one })
    await tested.store.ok('UpdateSecret', { SecretId: 'moves', KmsKeyId: two }, as('encrypter'))
    expect(await keysOf('moves')).toEqual([two])
  })
})

describe('a replica under a key of the account’s own', () => {
  it('is made where the caller may encrypt under it', async () => {
    const KmsKeyId = await newKey(tested.as('admin', elsewhere))
    await tested.store.ok('CreateSecret', { Name: 'copied', SecretString: 'hunter2' })
    const replicate = async (name: string) => {
      const AddReplicaRegions = [{ Region: elsewhere, KmsKeyId }]
      await tested.store.ok('ReplicateSecretToRegions', { SecretId: 'copied', AddReplicaRegions }, as(name))
      const { ReplicationStatus } = await tested.store.ok('DescribeSecret', { SecretId: 'copied' })
      return ReplicationStatus.map(({ Status, StatusMessage }) => `${Status}: ${StatusMessage}`)
    }
    expect(await replicate('keyed')).toEqual(['Failed: Replication failed: Access to KMS is not allowed'])
    expect(await replicate('encrypter')).toEqual(['InSync: Replication succeeded'])
  })
})
