import type { SecretRow, VersionRow } from './storage/tables.ts'

/** The keys that a version is encrypted under, as ListSecretVersionIds names them. */
export const kmsKeyIdsOf = (
  { kms_key }: Pick<SecretRow, 'kms_key'>,
  _version: Pick<VersionRow, 'kms_key_id'>,
): readonly string[] => [kms_key === '' ? 'DefaultEncryptionKey' : kms_key]
