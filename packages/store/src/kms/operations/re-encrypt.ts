import { Buffer } from 'node:buffer'
import { type NamedOperation, operation } from '../../operation.ts'
import { flag, type Shape } from '../../parsing/member.ts'
import { encrypted } from '../ciphertext.ts'
import type { EncryptionContext } from '../encryption-context.ts'
import { requireEnabled, requireKey, requireKeyUse, requireRealRun } from '../key-operation.ts'
import { keyArn } from '../kms-keys.ts'
import * as members from '../members.ts'
import { neededKey, opened, requireNeededKey, type Source } from './decrypt.ts'

interface ReEncryptRequest {
  readonly CiphertextBlob: string
  readonly SourceEncryptionContext?: EncryptionContext
  readonly SourceKeyId?: string
  readonly DestinationKeyId: string
  readonly DestinationEncryptionContext?: EncryptionContext
  readonly DryRun?: boolean
}

const shape: Shape<ReEncryptRequest> = {
  CiphertextBlob: members.ciphertext,
  SourceEncryptionContext: members.encryptionContext,
  SourceKeyId: members.optionalKeyId,
  DestinationKeyId: members.keyId,
  DestinationEncryptionContext: members.encryptionContext,
  DryRun: flag(),
}

/** Decrypts under one key and encrypts under another; the plaintext does not leave the store. */
export const reEncrypt: NamedOperation = [
  'ReEncrypt',
  operation({
    action: 'kms:ReEncryptTo',
    shape,
    resource: ({ DestinationKeyId }) => DestinationKeyId,
    authorize: async (context, input) => {
      const [operation, source, given] = ['ReEncryptTo', sourceOf(input), input.DestinationKeyId]
      const from = await neededKey(context, source, { operation: 'ReEncryptFrom', expected: input.SourceKeyId })
      context.call.note({ SourceKey: keyArn(from.found.key) })
      const to = await requireKey(context, given, operation)
      const conditions = { 'kms:ReEncryptOnSameKey': to.key.key_id === from.found.key.key_id }
      await requireNeededKey(context, source, from, conditions)
      const encryptionContext = input.DestinationEncryptionContext ?? {}
      await requireKeyUse(context, to, { operation, encryptionContext, conditions, given })
      context.call.resource = keyArn(to.key)
      return { from, row: to.key }
    },
    run: async (context, input, { from, row }) => {
      requireEnabled(row)
      const plain = await opened(context, sourceOf(input), from)
      if (input.DryRun) plain.fill(0)
      requireRealRun(input)
      const key = await context.kmsKeys.get(row.key_id, row.current_material)
      const ciphertext = encrypted(plain, key, input.DestinationEncryptionContext ?? {}, context.random)
      plain.fill(0)
      return {
        CiphertextBlob: ciphertext.toString('base64'),
        SourceKeyId: keyArn(from.found.key),
        KeyId: keyArn(row),
        SourceEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
        DestinationEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      }
    },
  }),
]

const sourceOf = ({ CiphertextBlob, SourceEncryptionContext = {} }: ReEncryptRequest): Source => ({
  ciphertext: Buffer.from(CiphertextBlob, 'base64'),
  context: SourceEncryptionContext,
})
