import type { NamedOperation } from '../../operation.ts'
import { Buffer } from 'node:buffer'
import { flag, type Shape } from '../../parsing/member.ts'
import { encrypted } from '../ciphertext.ts'
import type { EncryptionContext } from '../encryption-context.ts'
import { keyOperation, requireEnabled, requireRealRun } from '../key-operation.ts'
import { keyArn } from '../kms-keys.ts'
import * as members from '../members.ts'

interface EncryptRequest {
  readonly KeyId: string
  readonly Plaintext: string
  readonly EncryptionContext?: EncryptionContext
  readonly EncryptionAlgorithm?: 'SYMMETRIC_DEFAULT'
  readonly DryRun?: boolean
}

const shape: Shape<EncryptRequest> = {
  KeyId: members.keyId,
  Plaintext: members.plaintext,
  EncryptionContext: members.encryptionContext,
  EncryptionAlgorithm: members.algorithm,
  DryRun: flag(),
}

/** Encrypts up to 4,096 bytes under a key. */
export const encrypt: NamedOperation = keyOperation({
  name: 'Encrypt',
  shape,
  keyId: ({ KeyId }) => KeyId,
  acrossAccounts: true,
  byAlias: true,
  encryptionContext: ({ EncryptionContext }) => EncryptionContext,
  run: async ({ kmsKeys, random }, { Plaintext, EncryptionContext = {}, DryRun = false }, row) => {
    requireEnabled(row)
    requireRealRun({ DryRun })
    const key = await kmsKeys.get(row.key_id, row.current_material)
    const ciphertext = encrypted(Buffer.from(Plaintext, 'base64'), key, EncryptionContext, random)
    return {
      CiphertextBlob: ciphertext.toString('base64'),
      KeyId: keyArn(row),
      EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' as const,
    }
  },
})
