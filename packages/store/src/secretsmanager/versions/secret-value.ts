import { Buffer } from 'node:buffer'
import { type KeyObject, timingSafeEqual } from 'node:crypto'
import { openDataKey, openWithDataKey, sealValue } from '@keyplane/sealing'
import { awsError } from '../../aws-errors.ts'
import { keyToOpen, keyToSeal, type SealingUses, sealingUses } from '../../kms/secret-key.ts'
import type { OperationContext } from '../../operation-context.ts'
import { maxValueBytes } from '../../parsing/members.ts'
import type { SecretRow, VersionRow } from '../../storage/tables.ts'

/** A value as a caller gave it. */
export interface GivenValue {
  readonly kind: 'text' | 'binary'
  readonly bytes: Uint8Array
}

/**
 * The value of an input, if it has one.
 * @throws AwsError InvalidParameterException for both kinds at once, ValidationException for more than 65,536 bytes.
 */
export const givenValue = (input: {
  readonly SecretString?: string
  readonly SecretBinary?: string
}): GivenValue | undefined => {
  const { SecretString: text, SecretBinary: binary } = input
  if (text !== undefined && binary !== undefined)
    throw awsError(
      'InvalidParameterException',
      "You can't specify both a binary secret value and a string secret value in the same secret.",
    )
  if (binary !== undefined) return { kind: 'binary', bytes: Buffer.from(binary, 'base64') }
  if (text === undefined) return undefined
  const bytes = Buffer.from(text)
  if (bytes.length <= maxValueBytes) return { kind: 'text', bytes }
  throw awsError(
    'ValidationException',
    `1 validation error detected: Value at 'secretString' failed to satisfy constraint: Member must have length less than or equal to ${maxValueBytes}`,
  )
}

/** What a version's row holds of its value. */
export type SealedColumns = Pick<
  VersionRow,
  'kind' | 'sealed_value' | 'wrapped_data_key' | 'kms_key_id' | 'kms_material'
>

type Owner = Pick<SecretRow, 'account' | 'region' | 'arn' | 'kms_key'>

/** A value sealed for one version of one secret. @throws AwsError where the caller may not use the secret's key. */
export const sealFor = async (
  context: OperationContext,
  secret: Owner,
  versionId: string,
  { kind, bytes }: GivenValue,
  uses: SealingUses = sealingUses.write,
): Promise<SealedColumns> => {
  const { account, region, arn } = secret
  const kmsKey = await keyToSeal(context, secret, versionId, uses)
  const envelope = sealValue(bytes, { account, region, arn, versionId, kind }, kmsKey, context.random)
  return {
    kind,
    sealed_value: envelope.sealedValue,
    wrapped_data_key: envelope.wrappedDataKey,
    kms_key_id: kmsKey.keyId,
    kms_material: kmsKey.material,
  }
}

/**
 * The value of a version; `undefined` for one that waits for its value.
 * @throws SecretsError `integrity` if anything of it was altered; AwsError where the caller may not use its key.
 */
export const openOf = async (
  context: OperationContext,
  secret: Owner,
  version: VersionRow,
): Promise<GivenValue | undefined> => {
  const { account, region, arn } = secret
  const { kind, sealed_value, wrapped_data_key, version_id: versionId } = version
  const kmsKey = kind === null ? undefined : await keyToOpen(context, secret, version)
  if (!kind || !sealed_value || !wrapped_data_key || !kmsKey) return undefined
  const owner = { account, region, arn, versionId, kind }
  const dataKey = dataKeys.get(version) ?? openDataKey(wrapped_data_key, owner, kmsKey)
  dataKeys.set(version, dataKey)
  return { kind, bytes: openWithDataKey(sealed_value, owner, dataKey) }
}

/** Of versions that are kept in memory; gone with them. Whether a caller may use the key above it is asked each time. */
const dataKeys = new WeakMap<VersionRow, KeyObject>()

/** Whether two values are the same: kind and content. */
export const sameGiven = (a: GivenValue, b: GivenValue): boolean =>
  a.kind === b.kind && a.bytes.length === b.bytes.length && timingSafeEqual(a.bytes, b.bytes)
