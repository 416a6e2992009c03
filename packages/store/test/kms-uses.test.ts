import * as kms from '@aws-sdk/client-kms'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allow, KmsStore, policy } from './kms-store.ts'

const elsewhere = 'us-east-1'
const tested = new KmsStore()
let admin: kms.KMSClient
beforeAll(async () => {
  await tested.start({
    onlyto: [policy(allow('kms:ReEncryptTo'))],
    onlyfrom: [policy(allow('kms:ReEncryptFrom'))],
    both: [policy(allow('kms:ReEncrypt*'))],
  })
  admin = tested.as('admin')
})
afterAll(() => tested.remove())

const Plaintext = new TextEncoder().encode('x')
const newKey = async (): Promise<string> => (await admin.send(new kms.CreateKeyCommand({}))).KeyMetadata?.Arn ?? ''
const encryptedUnder = async (KeyId: string) =>
  (await admin.send(new kms.EncryptCommand({ KeyId, Plaintext }))).CiphertextBlob

describe('a re-encryption', () => {
  it('wants the permission for the key that it leaves and for the one that it comes under', async () => {
    const CiphertextBlob = await encryptedUnder(await newKey())
    const DestinationKeyId = await newKey()
    const as = (name: string) => tested.as(name).send(new kms.ReEncryptCommand({ CiphertextBlob, DestinationKeyId }))
    await expect(as('onlyto')).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining('kms:ReEncryptFrom') as string,
    })
    await expect(as('onlyfrom')).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining('kms:ReEncryptTo') as string,
    })
    await expect(as('both')).resolves.toBeTruthy()
  })

  it('wants both keys enabled', async () => {
    const [from, to] = [await newKey(), await newKey()]
    const CiphertextBlob = await encryptedUnder(from)
    const call = () => admin.send(new kms.ReEncryptCommand({ CiphertextBlob, DestinationKeyId: to }))
    for (const KeyId of [from, to]) {
      await admin.send(new kms.DisableKeyCommand({ KeyId }))
      await expect(call()).rejects.toMatchObject({ name: 'DisabledException', message: `${KeyId} is disabled.` })
      await admin.send(new kms.EnableKeyCommand({ KeyId }))
    }
    await expect(call()).resolves.toBeTruthy()
  })
})

describe('a data key', () => {
  it('is made under an enabled key only, with its plaintext and without', async () => {
    const KeyId = await newKey()
    const input = { KeyId, KeySpec: 'AES_256' } as const
    const calls = [
      () => admin.send(new kms.GenerateDataKeyCommand(input)),
      () => admin.send(new kms.GenerateDataKeyWithoutPlaintextCommand(input)),
    ]
    await admin.send(new kms.DisableKeyCommand({ KeyId }))
    for (const call of calls) await expect(call()).rejects.toMatchObject({ name: 'DisabledException' })
    await admin.send(new kms.ScheduleKeyDeletionCommand({ KeyId }))
    for (const call of calls) await expect(call()).rejects.toMatchObject({ name: 'KMSInvalidStateException' })
  })
})

describe('a ciphertext', () => {
  it('is opened in the region of its key only', async () => {
    const CiphertextBlob = await encryptedUnder(await newKey())
    await expect(tested.as('admin', elsewhere).send(new kms.DecryptCommand({ CiphertextBlob }))).rejects.toMatchObject({
      name: 'InvalidCiphertextException',
    })
    await expect(admin.send(new kms.DecryptCommand({ CiphertextBlob }))).resolves.toBeTruthy()
  })
})
