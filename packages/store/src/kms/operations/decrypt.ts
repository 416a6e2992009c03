import { Buffer } from 'node:buffer'
import { awsError } from '../../aws-errors.ts'
import type { NamedOperation } from '../../operation.ts'
import type { OperationContext } from '../../operation-context.ts'
import type { Shape } from '../../parsing/member.ts'
import { parseInput } from '../../parsing/parse-input.ts'
import { type CiphertextKey, decrypted, keyOfCiphertext } from '../ciphertext.ts'
import type { EncryptionContext } from '../encryption-context.ts'
import { findKey, type FoundKey } from '../find-key.ts'
import { requireEnabled, requireKeyUse } from '../key-operation.ts'
import { keyArn } from '../kms-keys.ts'
import * as members from '../members.ts'

interface DecryptRequest {
  readonly CiphertextBlob: string
  readonly EncryptionContext?: EncryptionContext
  readonly KeyId?: string
  readonly EncryptionAlgorithm?: 'SYMMETRIC_DEFAULT'
}

const shape: Shape<DecryptRequest> = {
  CiphertextBlob: members.ciphertext,
  EncryptionContext: members.encryptionContext,
  KeyId: members.optionalKeyId,
  EncryptionAlgorithm: members.algorithm,
}

/** Decrypts a ciphertext, which says itself what key it needs. */
export const decrypt: NamedOperation = [
  'Decrypt',
  {
    action: 'kms:Decrypt',
    prepare: (given) => {
      const input = parseInput(shape, given)
      const source = { ciphertext: Buffer.from(input.CiphertextBlob, 'base64'), context: input.EncryptionContext ?? {} }
      let needed: NeededKey | undefined
      return {
        ...(input.KeyId !== undefined && { resource: input.KeyId }),
        authorize: async (context) => {
          needed = await requireNeededKey(context, source, { operation: 'Decrypt', expected: input.KeyId })
        },
        run: async (context) => {
          const { found, material } = needed as NeededKey
          const plain = await opened(context, source, { found, material })
          return {
            KeyId: keyArn(found.key),
            Plaintext: plain.toString('base64'),
            EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
          }
        },
      }
    },
  },
]

/** What is to be decrypted. */
export interface Source {
  readonly ciphertext: Uint8Array
  readonly context: EncryptionContext
}

/** The key that a ciphertext needs, which the caller may use. */
export interface NeededKey extends Pick<CiphertextKey, 'material'> {
  readonly found: FoundKey
}

/**
 * Finds the key of a ciphertext and asks for the caller's access to it.
 * @throws AwsError InvalidCiphertextException, IncorrectKeyException, NotFoundException, AccessDeniedException
 */
export const requireNeededKey = async (
  context: OperationContext,
  { ciphertext, context: encryptionContext }: Source,
  { operation, expected }: { readonly operation: string; readonly expected: string | undefined },
): Promise<NeededKey> => {
  const { keyId, material } = keyOfCiphertext(ciphertext)
  const key = await context.kmsKeys.table.byId(keyId)
  if (!key || key.region !== context.caller.region)
    throw awsError('InvalidCiphertextException', 'The ciphertext is invalid.')
  const named = expected === undefined ? undefined : await findKey(context, expected, context.caller)
  if (expected !== undefined && named?.key.key_id !== keyId)
    throw awsError(
      'IncorrectKeyException',
      'The key ID in the request does not identify a CMK that can perform this operation.',
    )
  context.call.resource = keyArn(key)
  const found: FoundKey = { key, ...(named?.requestAlias !== undefined && { requestAlias: named.requestAlias }) }
  await requireKeyUse(context, found, { operation, encryptionContext, asSent: keyArn(key) })
  return { found, material }
}

/** @throws AwsError DisabledException, KMSInvalidStateException, InvalidCiphertextException */
export const opened = async (
  { kmsKeys }: OperationContext,
  { ciphertext, context }: Source,
  { found, material }: NeededKey,
): Promise<Buffer> => {
  requireEnabled(found.key)
  if (!(await kmsKeys.table.material(found.key.key_id, material)))
    throw awsError('InvalidCiphertextException', 'The ciphertext is invalid.')
  return decrypted(ciphertext, await kmsKeys.get(found.key.key_id, material), context)
}
