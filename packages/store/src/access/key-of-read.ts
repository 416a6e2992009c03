import { findKey } from '../kms/find-key.ts'
import { keyQuestion } from '../kms/key-access.ts'
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
  const current = (await versions.byLabel(secret.id, 'AWSCURRENT'))?.version
  const key = current?.kms_key_id ? await table.byId(current.kms_key_id) : undefined
  if (!current || !key) return undefined
  const named = secret.kms_key.includes('alias/')
    ? await findKey({ kmsKeys: { table } }, secret.kms_key, secret)
    : undefined
  const requestAlias = named?.key.key_id === key.key_id ? named.requestAlias : undefined
  return keyQuestion(
    { caller, nowMs, table },
    {
      operation: 'Decrypt',
      key,
      encryptionContext: { SecretARN: secret.arn, SecretVersionId: current.version_id },
      viaService: `secretsmanager.${secret.region}.amazonaws.com`,
      ...(requestAlias !== undefined && { requestAlias }),
    },
  )
}
