import type { Random } from '@keyplane/core'
import type { SecretAccess } from './access/secret-access.ts'
import type { RotationCalendar } from '@keyplane/rotation'
import type { Call } from './call.ts'
import type { Caller } from './caller.ts'
import type { Callers } from './iam/callers.ts'
import type { SessionTokens } from './iam/session-tokens.ts'
import type { KmsKeys } from './kms/kms-keys.ts'
import type { RowIds } from './secretsmanager/row-ids.ts'
import type { SecretQuota } from './secretsmanager/secret-quota.ts'
import type { VersionCache } from './secretsmanager/versions/version-cache.ts'
import type { SerialQueue } from './serial-queue.ts'
import type { PoliciesTable } from './storage/policies-table.ts'
import type { Rotating } from './rotation/rotating.ts'
import type { ReplicasTable } from './storage/replicas-table.ts'
import type { ListQuery } from './storage/secrets-listing.ts'
import type { SecretRow } from './storage/tables.ts'
import type { SecretsTable } from './storage/secrets-table.ts'
import type { SecretRotationsTable } from './storage/secret-rotations-table.ts'
import type { VersionsTable } from './storage/versions-table.ts'

/** What every call's operation works with. */
export interface StoreParts {
  readonly secrets: SecretsTable
  readonly versions: VersionsTable
  readonly labelled: VersionCache
  readonly policies: PoliciesTable
  readonly replicas: ReplicasTable
  readonly rotations: SecretRotationsTable
  readonly rotating: Rotating
  /** When scheduled rotations begin, beside their schedules. */
  readonly calendar: RotationCalendar
  readonly listing: (query: ListQuery) => Promise<readonly SecretRow[]>
  readonly kmsKeys: KmsKeys
  readonly quota: SecretQuota
  readonly callers: Callers
  readonly sessionTokens: SessionTokens
  /** Who may do what with secrets. A call is authorised before it runs; what it does beyond its name, while it does. */
  readonly access: SecretAccess
  readonly random: Random
  readonly rowIds: RowIds
  /** Changes of one secret happen one after the other. */
  readonly queue: SerialQueue
  /** Called after a change of a secret was acknowledged by the disk. */
  readonly onChange: (secret: { readonly arn: string; readonly name: string }) => void
}

/** What an operation works with in one call. */
export interface OperationContext extends StoreParts {
  /** For what waits its turn before it changes something: what it was allowed may have been taken back. */
  readonly authorizeAgain?: () => Promise<unknown>
  readonly call: Call
  readonly caller: Caller
  readonly nowMs: number
}
