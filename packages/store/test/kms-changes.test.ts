import * as kms from '@aws-sdk/client-kms'
import { auditTail } from '@keyplane/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allow, deny, KmsStore, owner, policy, rootAnd } from './kms-store.ts'

const tested = new KmsStore()
let admin: kms.KMSClient
beforeAll(async () => {
  await tested.start({
    maker: [policy(allow('kms:CreateKey'))],
    namer: [policy(allow(['kms:CreateAlias', 'kms:UpdateAlias'], { Resource: 'arn:aws:kms:*:*:key/*' }))],
  })
  admin = tested.as('admin')
})
afterAll(() => tested.remove())

const newKey = async (input: kms.CreateKeyCommandInput = {}) => {
  const { KeyMetadata } = await admin.send(new kms.CreateKeyCommand(input))
  return { id: KeyMetadata?.KeyId ?? '', arn: KeyMetadata?.Arn ?? '' }
}
const createAlias = (AliasName: string, TargetKeyId: string) =>
  admin.send(new kms.CreateAliasCommand({ AliasName, TargetKeyId }))
const updateAlias = (AliasName: string, TargetKeyId: string) =>
  admin.send(new kms.UpdateAliasCommand({ AliasName, TargetKeyId }))
const keyOf = async (KeyId: string) => (await admin.send(new kms.DescribeKeyCommand({ KeyId }))).KeyMetadata?.KeyId
const denied = { name: 'AccessDeniedException' }
const pending = { name: 'KMSInvalidStateException' }

describe('an alias', () => {
  it('is moved only where the key that it leaves allows it too', async () => {
    const noMoves = rootAnd(deny(['kms:UpdateAlias', 'kms:DeleteAlias'], { Principal: '*' }))
    const [kept, mine] = [await newKey({ Policy: noMoves }), await newKey()]
    await createAlias('alias/kept', kept.id)
    await expect(updateAlias('alias/kept', mine.id)).rejects.toMatchObject(denied)
    await expect(admin.send(new kms.DeleteAliasCommand({ AliasName: 'alias/kept' }))).rejects.toMatchObject(denied)
    expect(await keyOf('alias/kept')).toBe(kept.id)
  })

  it('asks for the alias itself, and leads to a key and not to an alias', async () => {
    const { id } = await newKey()
    await expect(
      tested.as('namer').send(new kms.CreateAliasCommand({ AliasName: 'alias/one', TargetKeyId: id })),
    ).rejects.toMatchObject(denied)
    await createAlias('alias/one', id)
    await expect(createAlias('alias/two', 'alias/one')).rejects.toMatchObject({ name: 'ValidationException' })
    await expect(updateAlias('alias/one', 'alias/one')).rejects.toMatchObject({ name: 'ValidationException' })
    await updateAlias('alias/one', id)
    await admin.send(new kms.DeleteAliasCommand({ AliasName: 'alias/one' }))
    await expect(updateAlias('alias/one', id)).rejects.toMatchObject({ name: 'NotFoundException' })
  })

  it('is not removed under the permission of a key that it has left', async () => {
    const [from, guarded] = [
      await newKey(),
      await newKey({ Policy: rootAnd(deny('kms:DeleteAlias', { Principal: '*' })) }),
    ]
    for (const name of Array.from({ length: 8 }, (_, index) => `alias/raced${index}`)) {
      await createAlias(name, from.id)
      const [moved, removed] = await Promise.allSettled([
        updateAlias(name, guarded.id),
        admin.send(new kms.DeleteAliasCommand({ AliasName: name })),
      ])
      expect([moved.status, removed.status].filter((status) => status === 'fulfilled')).toHaveLength(1)
    }
  })

  it('and the source of a re-encryption are in the audit log', async () => {
    const [one, two] = [await newKey(), await newKey()]
    await createAlias('alias/noted', one.id)
    await updateAlias('alias/noted', two.id)
    const { CiphertextBlob } = await admin.send(
      new kms.EncryptCommand({ KeyId: one.id, Plaintext: new TextEncoder().encode('x') }),
    )
    await admin.send(new kms.ReEncryptCommand({ CiphertextBlob, DestinationKeyId: two.id }))
    const records = await auditTail({ ...tested.store.database, limit: 4 })
    expect(records.map(({ record: { resource, detail } }) => [resource, detail])).toEqual([
      [one.arn, { Alias: 'alias/noted' }],
      [two.arn, { Alias: 'alias/noted', PreviousKey: one.id }],
      [one.arn, undefined],
      [two.arn, { SourceKey: one.arn }],
    ])
  })
})

describe('a key’s policy', () => {
  it('may name the key by its ARN', async () => {
    const { id: KeyId, arn } = await newKey()
    const put = (Resource: string) =>
      admin.send(
        new kms.PutKeyPolicyCommand({
          KeyId,
          Policy: JSON.stringify(policy(allow('kms:*', { Principal: { AWS: owner }, Resource }))),
        }),
      )
    await expect(put(`${arn}x`)).rejects.toMatchObject({ name: 'MalformedPolicyDocumentException' })
    await expect(put(arn)).resolves.toBeTruthy()
  })

  it('is judged by the ARN of the key’s own partition', async () => {
    const china = tested.as('admin', 'cn-north-1')
    const create = (Resource: string) =>
      china.send(
        new kms.CreateKeyCommand({
          Policy: JSON.stringify(policy(allow('kms:*', { Principal: { AWS: owner }, Resource }))),
        }),
      )
    await expect(create('arn:aws:kms:*:*:key/*')).rejects.toMatchObject({ name: 'MalformedPolicyDocumentException' })
    await expect(create('arn:aws-cn:kms:*:*:key/*')).resolves.toBeTruthy()
  })

  it('is not overwritten by a change that was judged before it', async () => {
    const { id: KeyId } = await newKey()
    const closed = JSON.stringify(
      policy(
        allow('kms:*', { Principal: { AWS: owner } }),
        deny('kms:PutKeyPolicy', { Principal: '*', Condition: { StringNotEquals: { 'aws:username': 'root' } } }),
      ),
    )
    const puts = Array.from({ length: 12 }, (_, index) =>
      admin.send(
        new kms.PutKeyPolicyCommand({
          KeyId,
          Policy: index === 3 ? closed : rootAnd(),
          BypassPolicyLockoutSafetyCheck: index === 3,
        }),
      ),
    )
    const done = await Promise.allSettled(puts)
    const { Policy } = await admin.send(new kms.GetKeyPolicyCommand({ KeyId }))
    if (done[3]?.status === 'fulfilled') expect(Policy).toBe(closed)
    const names = done.flatMap((each) => (each.status === 'rejected' ? [(each.reason as Error).name] : []))
    expect(new Set([...names, 'AccessDeniedException', 'KMSInvalidStateException']).size).toBe(2)
  })
})

describe('a key’s tags', () => {
  const tag = (KeyId: string, ...keys: readonly string[]) =>
    admin.send(new kms.TagResourceCommand({ KeyId, Tags: keys.map((TagKey) => ({ TagKey, TagValue: 'x' })) }))
  const many = (count: number, from = 0) => Array.from({ length: count }, (_, index) => `t${index + from}`)

  it('are fifty at most, in whatever calls they come', async () => {
    const { id } = await newKey()
    await tag(id, ...many(45))
    await expect(tag(id, ...many(6, 45))).rejects.toMatchObject({ name: 'LimitExceededException' })
    await Promise.allSettled([tag(id, ...many(4, 45)), tag(id, ...many(4, 49)), tag(id, ...many(4, 53))])
    expect((await admin.send(new kms.ListResourceTagsCommand({ KeyId: id }))).Tags).toHaveLength(49)
  })

  it('have keys that are not reserved and differ in more than case', async () => {
    const { id } = await newKey({ Tags: [{ TagKey: 'Team', TagValue: 'a' }] })
    for (const keys of [['aws:x'], ['AWS:x'], ['team'], ['b', 'B'], ['c', 'c']])
      await expect(tag(id, ...keys)).rejects.toMatchObject({ name: 'TagException' })
    await expect(newKey({ Tags: [{ TagKey: 'aws:x', TagValue: 'a' }] })).rejects.toMatchObject({ name: 'TagException' })
    await tag(id, 'Team')
  })

  it('are given to a new key by who may tag keys', async () => {
    const make = (input: kms.CreateKeyCommandInput) => tested.as('maker').send(new kms.CreateKeyCommand(input))
    await expect(make({})).resolves.toBeTruthy()
    await expect(make({ Tags: [{ TagKey: 'a', TagValue: 'b' }] })).rejects.toMatchObject(denied)
  })

  it('are listed page by page', async () => {
    const { id: KeyId } = await newKey()
    await tag(KeyId, 'a', 'b', 'c')
    const page = async (Limit: number, Marker?: string) => {
      const listed = await admin.send(new kms.ListResourceTagsCommand({ KeyId, Limit, ...(Marker && { Marker }) }))
      return [listed.Tags?.map(({ TagKey }) => TagKey), listed.Truncated, listed.NextMarker]
    }
    expect(await page(2)).toEqual([['a', 'b'], true, 'b'])
    expect(await page(2, 'b')).toEqual([['c'], false, undefined])
    await expect(page(2, 'junk')).rejects.toMatchObject({ name: 'InvalidMarkerException' })
  })
})

describe('a key that waits for its deletion', () => {
  it('refuses tags, aliases, grants and another description; its policy can be changed', async () => {
    const { id, arn } = await newKey({ Tags: [{ TagKey: 'a', TagValue: 'b' }] })
    await createAlias('alias/leaving', id)
    await admin.send(new kms.ScheduleKeyDeletionCommand({ KeyId: id }))
    const refused = [
      admin.send(new kms.TagResourceCommand({ KeyId: id, Tags: [{ TagKey: 'c', TagValue: 'd' }] })),
      admin.send(new kms.UntagResourceCommand({ KeyId: id, TagKeys: ['a'] })),
      createAlias('alias/pending', id),
      updateAlias('alias/leaving', id),
      admin.send(new kms.UpdateKeyDescriptionCommand({ KeyId: id, Description: 'x' })),
      admin.send(
        new kms.CreateGrantCommand({
          KeyId: id,
          GranteePrincipal: `arn:aws:iam::${owner}:root`,
          Operations: ['Decrypt'],
        }),
      ),
    ]
    await Promise.all(refused.map((call) => expect(call).rejects.toMatchObject(pending)))
    await admin.send(new kms.PutKeyPolicyCommand({ KeyId: arn, Policy: rootAnd() }))
    await updateAlias('alias/leaving', (await newKey()).id)
  })
})
