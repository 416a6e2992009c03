import { Buffer } from 'node:buffer'
import type { NamedOperation } from '../../operation.ts'
import type { Shape } from '../../parsing/member.ts'
import { parseInput } from '../../parsing/parse-input.ts'
import { encrypted } from '../ciphertext.ts'
import type { EncryptionContext } from '../encryption-context.ts'
import type { FoundKey } from '../find-key.ts'
import { requireEnabled, requireKey, requireKeyUse } from '../key-operation.ts'
import { keyArn } from '../kms-keys.ts'
import * as members from '../members.ts'
import { type NeededKey, opened, requireNeededKey } from './decrypt.ts'

interface ReEncryptRequest {
  readonly CiphertextBlob: string
  readonly SourceEncryptionContext?: EncryptionContext
  readonly SourceKeyId?: string
  readonly DestinationKeyId: string
  readonly DestinationEncryptionContext?: EncryptionContext
}

const shape: Shape<ReEncryptRequest> = {
  CiphertextBlob: members.ciphertext,
  SourceEncryptionContext: members.encryptionContext,
  SourceKeyId: members.optionalKeyId,
  DestinationKeyId: members.keyId,
  DestinationEncryptionContext: members.encryptionContext,
}

/** Decrypts under one key and encrypts under another; the plaintext does not leave the store. */
export const reEncrypt: NamedOperation = [
  'ReEncrypt',
  {
    action: 'kms:ReEncryptTo',
    prepare: (given) => {
      const input = parseInput(shape, given)
      const source = {
        ciphertext: Buffer.from(input.CiphertextBlob, 'base64'),
        context: input.SourceEncryptionContext ?? {},
      }
      const context = input.DestinationEncryptionContext ?? {}
      let from: NeededKey | undefined
      let to: FoundKey | undefined
      return {
        resource: input.DestinationKeyId,
        authorize: async (operation) => {
          from = await requireNeededKey(operation, source, { operation: 'ReEncryptFrom', expected: input.SourceKeyId })
          to = await requireKey(operation, input.DestinationKeyId)
          await requireKeyUse(operation, to, {
            operation: 'ReEncryptTo',
            encryptionContext: context,
            asSent: keyArn(to.key),
          })
        },
        run: async (operation) => {
          const [old, { key: row }] = [from as NeededKey, to as FoundKey]
          requireEnabled(row)
          const plain = await opened(operation, source, old)
          const key = await operation.kmsKeys.get(row.key_id, row.current_material)
          const ciphertext = encrypted(plain, key, context, operation.random)
          plain.fill(0)
          return {
            CiphertextBlob: ciphertext.toString('base64'),
            SourceKeyId: keyArn(old.found.key),
            KeyId: keyArn(row),
            SourceEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
            DestinationEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
          }
        },
      }
    },
  },
]
