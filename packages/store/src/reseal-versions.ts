import type { Statement } from '@keyplane/database'
import type { OperationContext } from './operation-context.ts'
import { openOf, sealFor } from './secret-value.ts'
import type { LoadedSecret } from './storage/secrets-table.ts'
import type { SecretRow } from './storage/tables.ts'
import { current, pending, previous } from './version-stages.ts'

/**
 * Encrypts the versions with the labels AWSCURRENT, AWSPENDING and AWSPREVIOUS anew under the key that the secret will
 * have; other versions keep theirs.
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
    const value = found && (await openOf(context, secret, found.version))
    if (!value) continue
    const sealed = await sealFor(context, changed, versionId, value)
    statements.push(context.versions.reseal({ ...found.version, ...sealed }))
  }
  return statements
}
