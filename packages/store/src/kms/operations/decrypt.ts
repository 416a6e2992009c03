import { Buffer } from 'node:buffer'
import { awsError } from '../../aws-errors.ts'
import { type NamedOperation, operation } from '../../operation.ts'
import type { OperationContext } from '../../operation-context.ts'
import type { Shape } from '../../parsing/member.ts'
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
  operation({
    action: 'kms:Decrypt',
    shape,
    resource: ({ KeyId }) => KeyId,
    authorize: (context, input) =>
      requireNeededKey(context, sourceOf(input), { operation: 'Decrypt', expected: input.KeyId }),
    run: async (context, input, needed) => {
      const plain = await opened(context, sourceOf(input), needed)
      return {
        KeyId: keyArn(needed.found.key),
        Plaintext: plain.toString('base64'),
        EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      }
    },
  }),
]

const sourceOf = ({ CiphertextBlob, EncryptionContext = {} }: DecryptRequest): Source => ({
  ciphertext: Buffer.from(CiphertextBlob, 'base64'),
  context: EncryptionContext,
})

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
