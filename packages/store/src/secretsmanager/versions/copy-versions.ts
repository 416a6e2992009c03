import type { Statement } from '@keyplane/database'
import { sealingUses } from '../../kms/secret-key.ts'
import type { OperationContext } from '../../operation-context.ts'
import { openOf, sealFor } from './secret-value.ts'
import type { LoadedSecret } from '../../storage/secrets-table.ts'
import type { SecretRow } from '../../storage/tables.ts'
import { labelsOf } from './version-stages.ts'

/**
 * Copies one version of a secret to another secret, without its labels: the value is sealed anew under the key, ARN and
 * region of the other. A version that waits for its value is copied waiting.
 */
export const copyVersion = async (
  context: OperationContext,
  versionId: string,
  { from, to }: { readonly from: SecretRow; readonly to: SecretRow },
): Promise<readonly Statement[]> => {
  const found = await context.versions.byId(from.id, versionId)
  if (!found) return []
  const { version_id, ordinal, created_at_ms } = found.version
  const value = await openOf(context, from, found.version)
  const sealed = value
    ? await sealFor(context, to, versionId, value, sealingUses.copy)
    : { kind: null, sealed_value: null, wrapped_data_key: null, kms_key_id: null, kms_material: null }
  return [
    context.versions.insert({ secret_id: to.id, version_id, ordinal, created_at_ms, accessed_at_ms: 0, ...sealed }),
  ]
}

/**
 * Gives a replica the versions of its primary that have labels, and these labels. Other versions are on their way out,
 * and are copied if one gets a label again.
 */
export const copyLabelledVersions = async (
  context: OperationContext,
  primary: Pick<LoadedSecret, 'secret' | 'stages'>,
  replica: Pick<LoadedSecret, 'secret' | 'stages'>,
): Promise<readonly Statement[]> => {
  const labels = labelsOf(primary.stages)
  const statements: Statement[] = []
  for (const versionId of labels.keys())
    if (!(await context.versions.byId(replica.secret.id, versionId)))
      statements.push(...(await copyVersion(context, versionId, { from: primary.secret, to: replica.secret })))
  return [...statements, ...context.versions.relabel(replica.secret.id, labelsOf(replica.stages), labels)]
}
