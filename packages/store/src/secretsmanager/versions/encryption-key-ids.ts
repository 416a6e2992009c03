import { keyArn } from '../../kms/kms-keys.ts'
import type { OperationContext } from '../../operation-context.ts'
import type { VersionRow } from '../../storage/tables.ts'

/** The keys that a version is encrypted under, as ListSecretVersionIds names them. */
export const encryptionKeyIds = async (
  { kmsKeys }: Pick<OperationContext, 'kmsKeys'>,
  { kms_key_id }: Pick<VersionRow, 'kms_key_id'>,
): Promise<readonly string[]> => {
  const key = kms_key_id === null ? undefined : await kmsKeys.row(kms_key_id)
  return key && key.alias === null ? [keyArn(key)] : ['DefaultEncryptionKey']
}
