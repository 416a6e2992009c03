import * as kms from '@aws-sdk/client-kms'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { KmsStore, owner, rootAnd, userArn } from './kms-store.ts'
import { region } from './test-store.ts'

const tested = new KmsStore()
let admin: kms.KMSClient
beforeAll(async () => {
  await tested.start({})
  admin = tested.as('admin')
})
afterAll(() => tested.remove())

const named = async (AliasName: string): Promise<string> => {
  const { KeyMetadata } = await admin.send(new kms.CreateKeyCommand({}))
  const TargetKeyId = KeyMetadata?.KeyId ?? ''
  await admin.send(new kms.CreateAliasCommand({ AliasName, TargetKeyId }))
  return TargetKeyId
}

// By the time of the call an alias may lead to another key, which would be deleted then.
describe('what manages a key', () => {
  it('takes its id or ARN, and no alias', async () => {
    await named('alias/managed')
    const arn = `arn:aws:kms:${region}:${owner}:alias/managed`
    for (const KeyId of ['alias/managed', arn]) {
      const calls = [
        () => admin.send(new kms.EnableKeyCommand({ KeyId })),
        () => admin.send(new kms.DisableKeyCommand({ KeyId })),
        () => admin.send(new kms.ScheduleKeyDeletionCommand({ KeyId })),
        () => admin.send(new kms.CancelKeyDeletionCommand({ KeyId })),
        () => admin.send(new kms.UpdateKeyDescriptionCommand({ KeyId, Description: 'x' })),
        () => admin.send(new kms.GetKeyPolicyCommand({ KeyId })),
        () => admin.send(new kms.PutKeyPolicyCommand({ KeyId, Policy: rootAnd() })),
        () => admin.send(new kms.ListKeyPoliciesCommand({ KeyId })),
        () => admin.send(new kms.TagResourceCommand({ KeyId, Tags: [{ TagKey: 'a', TagValue: 'b' }] })),
        () => admin.send(new kms.UntagResourceCommand({ KeyId, TagKeys: ['a'] })),
        () => admin.send(new kms.ListResourceTagsCommand({ KeyId })),
        () => admin.send(new kms.ListAliasesCommand({ KeyId })),
        () => admin.send(new kms.ListGrantsCommand({ KeyId })),
        () =>
          admin.send(
            new kms.CreateGrantCommand({ KeyId, GranteePrincipal: userArn('admin'), Operations: ['Decrypt'] }),
          ),
        () => admin.send(new kms.RevokeGrantCommand({ KeyId, GrantId: 'none' })),
      ]
      for (const call of calls)
        await expect(call()).rejects.toMatchObject({ name: 'NotFoundException', message: `Invalid keyId ${KeyId}` })
    }
  })
})

describe('what uses a key', () => {
  it('takes an alias too', async () => {
    const KeyId = 'alias/used'
    const id = await named(KeyId)
    const Plaintext = new TextEncoder().encode('x')
    const { CiphertextBlob } = await admin.send(new kms.EncryptCommand({ KeyId, Plaintext }))
    await admin.send(new kms.DecryptCommand({ KeyId, CiphertextBlob }))
    await admin.send(new kms.ReEncryptCommand({ DestinationKeyId: KeyId, SourceKeyId: KeyId, CiphertextBlob }))
    await admin.send(new kms.GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256' }))
    await admin.send(new kms.GenerateDataKeyWithoutPlaintextCommand({ KeyId, KeySpec: 'AES_256' }))
    expect((await admin.send(new kms.DescribeKeyCommand({ KeyId }))).KeyMetadata?.KeyId).toBe(id)
  })
})

describe('a list of aliases', () => {
  // The store's own came on top of the limit.
  it('has no more on a page than was asked for, the store’s own among them', async () => {
    const china = tested.as('admin', 'cn-north-1')
    await tested.store.ok('CreateSecret', { Name: 'one', SecretString: 'v' }, { region: 'cn-north-1' })
    const TargetKeyId = (await china.send(new kms.CreateKeyCommand({}))).KeyMetadata?.KeyId
    for (const AliasName of ['alias/a', 'alias/b', 'alias/c'])
      await china.send(new kms.CreateAliasCommand({ AliasName, TargetKeyId }))
    for (const Limit of [1, 2, 3, 4, 50]) {
      const pages: (readonly (string | undefined)[])[] = []
      let Marker: string | undefined
      do {
        const page = await china.send(new kms.ListAliasesCommand({ Limit, Marker }))
        pages.push(page.Aliases?.map(({ AliasName }) => AliasName) ?? [])
        Marker = page.Truncated ? page.NextMarker : undefined
      } while (Marker !== undefined)
      expect(pages.flat()).toEqual(['alias/aws/secretsmanager', 'alias/a', 'alias/b', 'alias/c'])
      expect(pages.map(({ length }) => length)).toEqual(
        Array.from({ length: Math.ceil(4 / Limit) }, (_, index) => Math.min(Limit, 4 - index * Limit)),
      )
    }
  })
})
