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
    sealer: mayUse('GenerateDataKey'),
    opener: mayUse('Decrypt'),
    byname: [
      policy(
        secrets,
        allow(['kms:GenerateDataKey', 'kms:Decrypt'], {
          Condition: { StringEquals: { 'kms:RequestAlias': 'alias/app' } },
        }),
      ),
    ],
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

describe('a key that a secret is to get', () => {
  const noAccess = 'AccessDeniedException: Access to KMS is not allowed'

  it('is one under which the caller may seal and open', async () => {
    const KmsKeyId = await newKey()
    await tested.store.ok('CreateSecret', { Name: 'to/change' })
    for (const name of ['sealer', 'opener']) {
      const create = { Name: `by/${name}`, KmsKeyId }
      expect(await tested.store.refused('CreateSecret', create, as(name))).toBe(noAccess)
      expect(await tested.store.refused('CreateSecret', { ...create, SecretString: 'v' }, as(name))).toBe(noAccess)
      expect(await tested.store.refused('UpdateSecret', { SecretId: 'to/change', KmsKeyId }, as(name))).toBe(noAccess)
    }
    await tested.store.ok('UpdateSecret', { SecretId: 'to/change', KmsKeyId }, as('keyed'))
    await tested.store.ok('CreateSecret', { Name: 'by/keyed', KmsKeyId }, as('keyed'))
  })

  it('is one that is enabled', async () => {
    const KmsKeyId = await newKey()
    await admin.send(new kms.DisableKeyCommand({ KeyId: KmsKeyId }))
    await tested.store.ok('CreateSecret', { Name: 'to/disable' })
    expect(await tested.store.refused('CreateSecret', { Name: 'disabled', KmsKeyId })).toMatch(/^EncryptionFailure/)
    expect(await tested.store.refused('UpdateSecret', { SecretId: 'to/disable', KmsKeyId })).toMatch(
      /^EncryptionFailure/,
    )
  })
})

describe('a secret that names its key by an alias', () => {
  const read = async (SecretId: string) => {
    const { status, body } = await tested.store.call('GetSecretValue', { SecretId }, as('byname'))
    return status === 200 ? body.SecretString : body.__type
  }

  it('is sealed and opened as by that alias, while it leads to the key', async () => {
    const [one, two] = [await newKey(), await newKey()]
    const moved = { AliasName: 'alias/app', TargetKeyId: one }
    await admin.send(new kms.CreateAliasCommand(moved))
    await tested.store.ok('CreateSecret', { Name: 'aliased', SecretString: 'a', KmsKeyId: 'alias/app' }, as('byname'))
    await tested.store.ok('CreateSecret', { Name: 'named', SecretString: 'n', KmsKeyId: one })
    expect([await read('aliased'), await read('named')]).toEqual(['a', 'AccessDeniedException'])
    await admin.send(new kms.UpdateAliasCommand({ ...moved, TargetKeyId: two }))
    expect(await read('aliased')).toBe('AccessDeniedException')
    await tested.store.ok('PutSecretValue', { SecretId: 'aliased', SecretString: 'b' }, as('byname'))
    expect([await read('aliased'), await keysOf('aliased')]).toEqual(['b', expect.arrayContaining([one, two])])
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
