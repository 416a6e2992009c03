import { Buffer } from 'node:buffer'
import { awsError } from '../../aws-errors.ts'
import { type NamedOperation, operation } from '../../operation.ts'
import type { OperationContext } from '../../operation-context.ts'
import { flag, type Shape } from '../../parsing/member.ts'
import { type CiphertextKey, decrypted, keyOfCiphertext } from '../ciphertext.ts'
import type { Conditions } from '../../access/caller-conditions.ts'
import type { EncryptionContext } from '../encryption-context.ts'
import type { FoundKey } from '../find-key.ts'
import { requireEnabled, requireKey, requireKeyUse, requireRealRun } from '../key-operation.ts'
import { keyArn } from '../kms-keys.ts'
import * as members from '../members.ts'

interface DecryptRequest {
  readonly CiphertextBlob: string
  readonly EncryptionContext?: EncryptionContext
  readonly KeyId?: string
  readonly EncryptionAlgorithm?: 'SYMMETRIC_DEFAULT'
  readonly DryRun?: boolean
}

const shape: Shape<DecryptRequest> = {
  CiphertextBlob: members.ciphertext,
  EncryptionContext: members.encryptionContext,
  KeyId: members.optionalKeyId,
  EncryptionAlgorithm: members.algorithm,
  DryRun: flag(),
}

/** Decrypts a ciphertext, which says itself what key it needs. */
export const decrypt: NamedOperation = [
  'Decrypt',
  operation({
    action: 'kms:Decrypt',
    shape,
    resource: ({ KeyId }) => KeyId,
    authorize: async (context, input) => {
      const source = sourceOf(input)
      const needed = await neededKey(context, source, { operation: 'Decrypt', expected: input.KeyId })
      await requireNeededKey(context, source, needed)
      return needed
    },
    run: async (context, input, needed) => {
      const plain = await opened(context, sourceOf(input), needed)
      if (input.DryRun) plain.fill(0)
      requireRealRun(input)
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

/** The key that a ciphertext needs. */
export interface NeededKey extends Pick<CiphertextKey, 'material'> {
  readonly found: FoundKey
  /** What it is wanted for, without `kms:`. */
  readonly operation: string
  /** As the caller named it. */
  readonly given?: string
}

/**
 * Finds the key of a ciphertext.
 * @throws AwsError InvalidCiphertextException, IncorrectKeyException, NotFoundException; AccessDeniedException for a key
 * of another account that is not there
 */
export const neededKey = async (
  context: OperationContext,
  { ciphertext }: Source,
  { operation, expected }: { readonly operation: string; readonly expected: string | undefined },
): Promise<NeededKey> => {
  const { keyId, material } = keyOfCiphertext(ciphertext)
  const key = await context.kmsKeys.table.byId(keyId)
  if (!key || key.region !== context.caller.region)
    throw awsError('InvalidCiphertextException', 'The ciphertext is invalid.')
  if (expected === undefined) return { found: { key }, material, operation }
  const named = await requireKey(context, expected, operation)
  if (named.key.key_id === keyId) return { found: named, material, operation, given: expected }
  // Whether a key of another account is there is told only to who may use it.
  await requireKeyUse(context, named, { operation, given: expected })
  throw awsError(
    'IncorrectKeyException',
    'The key ID in the request does not identify a CMK that can perform this operation.',
  )
}

/** Asks for the caller's access to the key of a ciphertext. @throws AwsError AccessDeniedException */
export const requireNeededKey = async (
  context: OperationContext,
  { context: encryptionContext }: Source,
  { found, operation, given }: NeededKey,
  conditions: Conditions = {},
): Promise<void> => {
  context.call.resource = keyArn(found.key)
  const named = given !== undefined && { given }
  await requireKeyUse(context, found, { operation, encryptionContext, conditions, ...named })
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
