import type { Statement } from '@keyplane/database'
import type { OperationContext } from './operation-context.ts'
import { openOf, sealFor } from './secret-value.ts'
import type { SecretRow } from './storage/tables.ts'

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
    ? await sealFor(context, to, versionId, value)
    : { kind: null, sealed_value: null, wrapped_data_key: null, kms_key_id: null, kms_material: null }
  return [
    context.versions.insert({ secret_id: to.id, version_id, ordinal, created_at_ms, accessed_at_ms: 0, ...sealed }),
  ]
}
