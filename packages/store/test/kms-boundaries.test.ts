import * as kms from '@aws-sdk/client-kms'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allow, deny, KmsStore, owner, policy, rootAnd, stranger, userArn } from './kms-store.ts'
import { region } from './test-store.ts'

const whereTag = (key: string, value: string) => ({
  Condition: { StringEquals: { [`aws:ResourceTag/${key}`]: value } },
})
const tested = new KmsStore()
let admin: kms.KMSClient
let other: kms.KMSClient
beforeAll(async () => {
  await tested.start(
    {
      cleared: [policy(allow('kms:*'), deny('kms:Decrypt', whereTag('class', 'top')))],
      aliased: [
        policy(
          allow('kms:*'),
          deny('kms:Decrypt', { Condition: { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': 'alias/top' } } }),
        ),
      ],
      samekey: [policy(allow('kms:ReEncrypt*', { Condition: { Bool: { 'kms:ReEncryptOnSameKey': 'true' } } }))],
    },
    { other: ['AdministratorAccess'], barred: [policy(deny('kms:*'))] },
  )
  admin = tested.as('admin')
  other = tested.as('other')
})
afterAll(() => tested.remove())

const newKey = async (input: kms.CreateKeyCommandInput = {}) => {
  const { KeyMetadata } = await admin.send(new kms.CreateKeyCommand(input))
  return { id: KeyMetadata?.KeyId ?? '', arn: KeyMetadata?.Arn ?? '' }
}
const Plaintext = new TextEncoder().encode('x')
const denied = { name: 'AccessDeniedException' }
const shared = rootAnd(allow('kms:*', { Principal: { AWS: stranger } }))
const unseen = (user: string, action: string, resource: string) => ({
  name: 'AccessDeniedException',
  message: `User: ${userArn(user, stranger)} is not authorized to perform: kms:${action} on resource: ${resource} because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access`,
})

describe('a key of another account', () => {
  it('is denied in the same words whether it is there or not', async () => {
    const { id, arn } = await newKey()
    await admin.send(new kms.CreateAliasCommand({ AliasName: 'alias/seen', TargetKeyId: id }))
    const aliasOf = (name: string) => `arn:aws:kms:${region}:${owner}:alias/${name}`
    const absent = arn.replace(/.{4}$/, '0000')
    for (const KeyId of [arn, absent, aliasOf('seen'), aliasOf('unseen')])
      for (const [name, by] of [['other', other] as const, ['barred', tested.as('barred')] as const]) {
        await expect(by.send(new kms.DescribeKeyCommand({ KeyId }))).rejects.toMatchObject(
          unseen(name, 'DescribeKey', KeyId),
        )
        await expect(by.send(new kms.RetireGrantCommand({ KeyId, GrantId: 'none' }))).rejects.toMatchObject(
          unseen(name, 'RetireGrant', KeyId),
        )
      }
  })

  it('is used where its policy allows that, and managed by its own account alone', async () => {
    const { arn: KeyId } = await newKey({ Policy: shared })
    await expect(other.send(new kms.EncryptCommand({ KeyId, Plaintext }))).resolves.toBeTruthy()
    await expect(other.send(new kms.DescribeKeyCommand({ KeyId }))).resolves.toBeTruthy()
    const calls = {
      EnableKey: () => other.send(new kms.EnableKeyCommand({ KeyId })),
      DisableKey: () => other.send(new kms.DisableKeyCommand({ KeyId })),
      ScheduleKeyDeletion: () => other.send(new kms.ScheduleKeyDeletionCommand({ KeyId })),
      CancelKeyDeletion: () => other.send(new kms.CancelKeyDeletionCommand({ KeyId })),
      GetKeyPolicy: () => other.send(new kms.GetKeyPolicyCommand({ KeyId })),
      PutKeyPolicy: () => other.send(new kms.PutKeyPolicyCommand({ KeyId, Policy: shared })),
      ListKeyPolicies: () => other.send(new kms.ListKeyPoliciesCommand({ KeyId })),
      UpdateKeyDescription: () => other.send(new kms.UpdateKeyDescriptionCommand({ KeyId, Description: 'x' })),
      TagResource: () => other.send(new kms.TagResourceCommand({ KeyId, Tags: [{ TagKey: 'a', TagValue: 'b' }] })),
      UntagResource: () => other.send(new kms.UntagResourceCommand({ KeyId, TagKeys: ['a'] })),
      ListResourceTags: () => other.send(new kms.ListResourceTagsCommand({ KeyId })),
      CreateAlias: () => other.send(new kms.CreateAliasCommand({ AliasName: 'alias/theirs', TargetKeyId: KeyId })),
      ListAliases: () => other.send(new kms.ListAliasesCommand({ KeyId })),
    }
    for (const [action, call] of Object.entries(calls))
      await expect(call()).rejects.toMatchObject(unseen('other', action, KeyId))
  })
})

describe('an alias that leads to another account’s key', () => {
  it('leads nowhere, and is removed by the permission for the alias alone', async () => {
    const made = async (by: kms.KMSClient) => (await by.send(new kms.CreateKeyCommand({}))).KeyMetadata?.KeyId ?? ''
    const [mine, theirs] = [await made(admin), await made(other)]
    await admin.send(new kms.CreateAliasCommand({ AliasName: 'alias/astray', TargetKeyId: mine }))
    await tested.store.data.rows(`update kms_aliases set key_id = '${theirs}' where name = 'alias/astray'`)
    await expect(admin.send(new kms.DescribeKeyCommand({ KeyId: 'alias/astray' }))).rejects.toMatchObject({
      name: 'NotFoundException',
    })
    await admin.send(new kms.DeleteAliasCommand({ AliasName: 'alias/astray' }))
    const { Aliases } = await admin.send(new kms.ListAliasesCommand({}))
    expect(Aliases?.map(({ AliasName }) => AliasName)).not.toContain('alias/astray')
  })
})

describe('a key’s tags and aliases', () => {
  it('are seen by conditions', async () => {
    const { id, arn } = await newKey({ Tags: [{ TagKey: 'class', TagValue: 'top' }] })
    const { CiphertextBlob } = await admin.send(new kms.EncryptCommand({ KeyId: id, Plaintext }))
    const open = (name: string) => tested.as(name).send(new kms.DecryptCommand({ CiphertextBlob }))
    await expect(open('cleared')).rejects.toMatchObject(denied)
    await admin.send(new kms.UntagResourceCommand({ KeyId: arn, TagKeys: ['class'] }))
    await expect(open('cleared')).resolves.toBeTruthy()
    await expect(open('aliased')).resolves.toBeTruthy()
    await admin.send(new kms.CreateAliasCommand({ AliasName: 'alias/top', TargetKeyId: id }))
    await expect(open('aliased')).rejects.toMatchObject(denied)
  })
})

describe('re-encryption', () => {
  it('may be held to the same key', async () => {
    const [one, two] = [await newKey(), await newKey()]
    const { CiphertextBlob } = await admin.send(new kms.EncryptCommand({ KeyId: one.id, Plaintext }))
    const to = (DestinationKeyId: string) =>
      tested.as('samekey').send(new kms.ReEncryptCommand({ CiphertextBlob, DestinationKeyId }))
    await expect(to(one.id)).resolves.toBeTruthy()
    await expect(to(two.id)).rejects.toMatchObject(denied)
  })
})

describe('a ciphertext’s key', () => {
  it('is not found where the caller names one that is not there', async () => {
    const { id } = await newKey()
    const { CiphertextBlob } = await admin.send(new kms.EncryptCommand({ KeyId: id, Plaintext }))
    const decrypt = (KeyId: string) => admin.send(new kms.DecryptCommand({ CiphertextBlob, KeyId }))
    await expect(decrypt('alias/none')).rejects.toMatchObject({ name: 'NotFoundException' })
    await expect(decrypt((await newKey()).id)).rejects.toMatchObject({ name: 'IncorrectKeyException' })
  })
})
