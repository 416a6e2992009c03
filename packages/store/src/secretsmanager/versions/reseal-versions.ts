import type { Statement } from '@keyplane/database'
import { AwsError } from '../../aws-errors.ts'
import { sealingUses } from '../../kms/secret-key.ts'
import type { OperationContext } from '../../operation-context.ts'
import { openOf, sealFor } from './secret-value.ts'
import type { LoadedSecret } from '../../storage/secrets-table.ts'
import type { SecretRow, VersionRow } from '../../storage/tables.ts'
import { current, pending, previous } from './version-stages.ts'

/**
 * Encrypts the versions with the labels AWSCURRENT, AWSPENDING and AWSPREVIOUS anew under the key that the secret will
 * have; other versions keep theirs, and so do those that the caller may not read or encrypt, as AWS does it.
 */
export const resealVersions = async (
  context: OperationContext,
  { secret, stages }: LoadedSecret,
  changed: SecretRow,
): Promise<readonly Statement[]> => {
  const labels: readonly string[] = [current, pending, previous]
  const ids = new Set(stages.filter(({ label }) => labels.includes(label)).map(({ version_id }) => version_id))
  const statements: Statement[] = []
  for (const versionId of ids) {
    const found = await context.versions.byId(secret.id, versionId)
    if (found) statements.push(...(await resealed(context, found.version, { from: secret, to: changed })))
  }
  return statements
}

const resealed = async (
  context: OperationContext,
  version: VersionRow,
  { from, to }: { readonly from: SecretRow; readonly to: SecretRow },
): Promise<readonly Statement[]> => {
  try {
    const value = await openOf(context, from, version)
    if (!value) return []
    const sealed = await sealFor(context, to, version.version_id, value, sealingUses.reseal)
    return [context.versions.reseal({ ...version, ...sealed })]
  } catch (error) {
    if (error instanceof AwsError && error.type === 'AccessDeniedException') return []
    throw error
  }
}
