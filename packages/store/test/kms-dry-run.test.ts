import * as kms from '@aws-sdk/client-kms'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { KmsStore, userArn } from './kms-store.ts'

const tested = new KmsStore()
let admin: kms.KMSClient
beforeAll(async () => {
  await tested.start({ nobody: [] })
  admin = tested.as('admin')
})
afterAll(() => tested.remove())

describe('a call with DryRun', () => {
  it('says that it would have succeeded, and does nothing', async () => {
    const KeyId = (await admin.send(new kms.CreateKeyCommand({}))).KeyMetadata?.Arn
    const Plaintext = new TextEncoder().encode('x')
    const { CiphertextBlob } = await admin.send(new kms.EncryptCommand({ KeyId, Plaintext }))
    const wanted = { KeyId, GranteePrincipal: userArn('nobody'), Operations: ['Decrypt' as const] }
    const { GrantId } = await admin.send(new kms.CreateGrantCommand({ ...wanted, Name: 'kept' }))
    const DryRun = true
    const all = [
      (by: kms.KMSClient) => by.send(new kms.EncryptCommand({ KeyId, Plaintext, DryRun })),
      (by: kms.KMSClient) => by.send(new kms.ReEncryptCommand({ CiphertextBlob, DestinationKeyId: KeyId, DryRun })),
      (by: kms.KMSClient) => by.send(new kms.GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256', DryRun })),
      (by: kms.KMSClient) =>
        by.send(new kms.GenerateDataKeyWithoutPlaintextCommand({ KeyId, KeySpec: 'AES_256', DryRun })),
      (by: kms.KMSClient) => by.send(new kms.CreateGrantCommand({ ...wanted, Name: 'more', DryRun })),
      (by: kms.KMSClient) => by.send(new kms.RevokeGrantCommand({ KeyId, GrantId, DryRun })),
      (by: kms.KMSClient) => by.send(new kms.RetireGrantCommand({ KeyId, GrantId, DryRun })),
      (by: kms.KMSClient) => by.send(new kms.DecryptCommand({ CiphertextBlob, DryRun })),
    ]
    for (const call of all)
      await expect(call(admin)).rejects.toMatchObject({
        name: 'DryRunOperationException',
        message: 'The request would have succeeded, but the DryRun option is set.',
        $metadata: { httpStatusCode: 412 },
      })
    const { Grants } = await admin.send(new kms.ListGrantsCommand({ KeyId }))
    expect(Grants?.map(({ Name }) => Name)).toEqual(['kept'])
    await admin.send(new kms.RevokeGrantCommand({ KeyId, GrantId }))
    for (const call of all.filter((_call, index) => index < 5))
      await expect(call(tested.as('nobody'))).rejects.toMatchObject({ name: 'AccessDeniedException' })
    await admin.send(new kms.DisableKeyCommand({ KeyId }))
    await expect(all[0]?.(admin)).rejects.toMatchObject({ name: 'DisabledException' })
  })
})
