import { keyQuestion } from '../kms/key-access.ts'
import { aliasOf, keyUseOf } from '../kms/secret-key.ts'
import { current } from '../secretsmanager/versions/version-stages.ts'
import type { KmsKeysTable } from '../storage/kms-keys-table.ts'
import type { SecretRow } from '../storage/tables.ts'
import type { VersionsTable } from '../storage/versions-table.ts'
import type { Question } from './judge.ts'

interface ReadParts {
  readonly versions: Pick<VersionsTable, 'byLabel'>
  readonly table: KmsKeysTable
}

/** What a read of a secret's current version asks of its KMS key; nothing where there is no such value, or no such key. */
export const keyQuestionOfRead = async (
  { caller, nowMs }: Pick<Question, 'caller' | 'nowMs'>,
  secret: SecretRow,
  { versions, table }: ReadParts,
): Promise<Question | undefined> => {
  const version = (await versions.byLabel(secret.id, current))?.version
  const key = version?.kms_key_id ? await table.byId(version.kms_key_id) : undefined
  if (!version || !key) return undefined
  const alias = await aliasOf({ kmsKeys: { table } }, secret, key)
  const use = { operation: 'Decrypt', versionId: version.version_id, key, ...alias }
  return keyQuestion({ caller, nowMs, table }, keyUseOf(secret, use))
}
