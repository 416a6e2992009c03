import type { Statement } from '@keyplane/database'
import { awsError } from '../../aws-errors.ts'
import type { OperationContext } from '../../operation-context.ts'
import { type GivenValue, openOf, sameGiven, sealFor } from './secret-value.ts'
import type { LoadedSecret } from '../../storage/secrets-table.ts'
import type { SecretRow, VersionRow } from '../../storage/tables.ts'
import { prunableBeforeMs, pruneAtOnce, versionsToPrune } from './version-retention.ts'
import {
  current,
  type Labels,
  labelsAfterPut,
  labelsAfterPutWith,
  labelsOf,
  requireFewLabels,
} from './version-stages.ts'

export interface NewVersion {
  readonly versionId: string
  readonly value: GivenValue
  /** Absent: AWSCURRENT moves to the version. */
  readonly stages?: readonly string[]
}

export interface WrittenVersion {
  /** Without the guarded change of the secret itself; none if the version is there already. */
  readonly statements: readonly Statement[]
  readonly labels: readonly string[]
}

/**
 * Writes a value to a version: a new one, or one that waits for its value. The same id with the same value again is the
 * same version.
 * @throws AwsError ResourceExistsException if the id has another value, LimitExceededException for too many labels.
 */
export const writeVersion = async (
  context: OperationContext,
  { secret, stages }: LoadedSecret,
  version: NewVersion,
): Promise<WrittenVersion> => {
  const existing = await context.versions.byId(secret.id, version.versionId)
  if (existing && (await requireSame(context, secret, existing.version, version)))
    return { statements: [], labels: existing.labels }

  const before = labelsOf(stages)
  const after = labelsAfter(before, version)
  const { versions, rotations, nowMs } = context
  const labels = after.get(version.versionId) ?? []
  const row = {
    secret_id: secret.id,
    version_id: version.versionId,
    ordinal: secret.revision + 1,
    created_at_ms: nowMs,
    accessed_at_ms: 0,
    ...(await sealFor(context, secret, version.versionId, version.value)),
  }
  return {
    statements: [
      existing ? versions.giveValue(row) : versions.insert(row),
      ...versions.relabel(secret.id, before, after),
      ...(await prune(context, secret.id, version.versionId)),
      ...(labels.includes(current) ? [rotations.countDaysFrom(secret.id, nowMs)] : []),
    ],
    labels,
  }
}

const labelsAfter = (before: Labels, { versionId, stages }: NewVersion): Labels => {
  const after = stages ? labelsAfterPutWith(before, versionId, stages) : labelsAfterPut(before, versionId)
  requireFewLabels(after)
  return after
}

/** Whether the version has this value; `false` if it has none yet. */
const requireSame = async (
  context: OperationContext,
  secret: SecretRow,
  row: VersionRow,
  { versionId, value }: NewVersion,
): Promise<boolean> => {
  const known = await openOf(context, secret, row)
  if (!known) return false
  if (sameGiven(known, value)) return true
  throw awsError(
    'ResourceExistsException',
    `You can't use ClientRequestToken ${versionId} because that value is already in use for a version of secret ${secret.arn}.`,
  )
}

const prune = async (
  { versions, nowMs }: OperationContext,
  secretId: string,
  written: string,
): Promise<readonly Statement[]> => {
  const { total, oldest } = await versions.deprecated(secretId, prunableBeforeMs(nowMs), pruneAtOnce)
  return versionsToPrune(total, oldest)
    .filter((versionId) => versionId !== written)
    .map((versionId) => versions.remove(secretId, versionId))
}
