import type { KmsKey } from '@keyplane/sealing'
import { awsError } from '../aws-errors.ts'
import type { OperationContext } from '../operation-context.ts'
import type { KmsKeyRow, SecretRow, VersionRow } from '../storage/tables.ts'
import { findKey, type FoundKey, type KeySource } from './find-key.ts'
import { type KeyUse, mayUseKey } from './key-access.ts'

/** The secret whose value is encrypted. */
export type KeyedSecret = Pick<SecretRow, 'account' | 'region' | 'arn' | 'kms_key'>

/** What KMS is asked for a value that is encrypted. */
export type SealingUses = readonly ('GenerateDataKey' | 'Encrypt')[]

/**
 * For a value that is written, one that is encrypted anew under another key, and one that is copied to a replica.
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
 */
export const sealingUses: Readonly<Record<'write' | 'reseal' | 'copy', SealingUses>> = {
  write: ['GenerateDataKey'],
  reseal: ['Encrypt'],
  copy: ['GenerateDataKey', 'Encrypt'],
}

/**
 * The key that a secret's new values are encrypted under, as Secrets Manager asks KMS for it in the caller's name.
 * @throws AwsError InvalidRequestException across accounts under the default key, AccessDeniedException,
 * EncryptionFailure for a key that is not there or not enabled
 */
export const keyToSeal = async (
  context: OperationContext,
  secret: KeyedSecret,
  versionId: string,
  uses: SealingUses,
): Promise<KmsKey> => {
  const found = await keyOf(context, secret)
  if (!found) throw noAccess()
  for (const operation of uses) await requireUse(context, secret, { operation, versionId, ...found })
  if (found.key.state !== 'enabled') throw encryptionFailure()
  return context.kmsKeys.get(found.key.key_id, found.key.current_material)
}

/**
 * The key that a version was encrypted under, for reading it.
 * @throws AwsError InvalidRequestException across accounts under the default key, AccessDeniedException,
 * DecryptionFailure for a key that is not there or not enabled
 */
export const keyToOpen = async (
  context: OperationContext,
  secret: KeyedSecret,
  { version_id: versionId, kms_key_id, kms_material }: Pick<VersionRow, 'version_id' | 'kms_key_id' | 'kms_material'>,
): Promise<KmsKey | undefined> => {
  if (kms_key_id === null || kms_material === null) return undefined
  const key = await context.kmsKeys.row(kms_key_id)
  if (!key) throw decryptionFailure()
  const found = secret.kms_key === '' ? { key } : { key, ...(await aliasOf(context, secret, key)) }
  await requireUse(context, secret, { operation: 'Decrypt', versionId, ...found })
  if (key.state !== 'enabled') throw decryptionFailure()
  return context.kmsKeys.get(kms_key_id, kms_material)
}

/**
 * Tries a key that a secret is to get, so that one which cannot be used is refused before the secret depends on it.
 * @throws AwsError AccessDeniedException, EncryptionFailure
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
 */
export const requireUsableKey = async (context: OperationContext, secret: KeyedSecret): Promise<void> => {
  if (secret.kms_key === '') return
  const found = await keyOf(context, secret)
  if (!found) throw noAccess()
  const versionId = 'RequestToValidateKeyAccess'
  for (const operation of ['GenerateDataKey', 'Decrypt'])
    await requireUse(context, secret, { operation, versionId, ...found })
  if (found.key.state !== 'enabled') throw encryptionFailure()
}

const keyOf = async ({ kmsKeys }: OperationContext, secret: KeyedSecret): Promise<FoundKey | undefined> => {
  const { account, region, kms_key } = secret
  return kms_key === '' ? { key: await kmsKeys.default(account, region) } : findKey({ kmsKeys }, kms_key, secret)
}

/** The alias that the secret names its key by, while that leads to this key. */
export const aliasOf = async (source: KeySource, secret: KeyedSecret, key: KmsKeyRow): Promise<Partial<FoundKey>> => {
  if (!secret.kms_key.includes('alias/')) return {}
  const found = await findKey(source, secret.kms_key, secret)
  return found?.key.key_id === key.key_id && found.requestAlias !== undefined
    ? { requestAlias: found.requestAlias }
    : {}
}

interface SecretKeyUse extends FoundKey {
  readonly operation: KeyUse['operation']
  readonly versionId: string
}

/** What KMS is asked for a version of a secret, by Secrets Manager in the caller's name. */
export const keyUseOf = ({ arn, region }: KeyedSecret, { versionId, ...use }: SecretKeyUse): KeyUse => ({
  ...use,
  encryptionContext: { SecretARN: arn, SecretVersionId: versionId },
  viaService: `secretsmanager.${region}.amazonaws.com`,
})

const requireUse = async (context: OperationContext, secret: KeyedSecret, use: SecretKeyUse): Promise<void> => {
  const { operation, key } = use
  const isDefault = key.alias !== null
  if (isDefault && context.caller.account !== secret.account)
    throw awsError(
      'InvalidRequestException',
      "You can't access a secret from a different AWS account if you encrypt the secret with the default KMS service key.",
    )
  const decision = await mayUseKey(context, keyUseOf(secret, use))
  if (decision.allowed) return
  const isOld = operation === 'Decrypt' && (await keyOf(context, secret))?.key.key_id !== key.key_id
  throw noAccess(isOld ? '. This version of secret is not encrypted with the current KMS key.' : '')
}

const noAccess = (more = ''): Error => awsError('AccessDeniedException', `Access to KMS is not allowed${more}`)

const encryptionFailure = (): Error =>
  awsError(
    'EncryptionFailure',
    "Secrets Manager can't encrypt the protected secret text using the provided KMS key. Check that the KMS key is available, enabled, and not in an invalid state.",
  )

const decryptionFailure = (): Error =>
  awsError('DecryptionFailure', "Secrets Manager can't decrypt the protected secret text using the provided KMS key.")
