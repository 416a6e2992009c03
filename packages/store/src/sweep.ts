import { type Clock, type Random, uuid } from '@keyplane/core'
import type { Writer } from '@keyplane/database'
import type { ClockWatch } from './clock-watch.ts'
import type { SecretRotationsTable } from './storage/secret-rotations-table.ts'
import type { SecretsTable } from './storage/secrets-table.ts'

export interface SweepParts {
  /** Nothing is removed while the clock is in doubt. */
  readonly clockWatch: ClockWatch
  readonly secrets: SecretsTable
  readonly rotations: SecretRotationsTable
  readonly writer: Writer
  readonly clock: Clock
  readonly random: Random
  readonly onChange: (secret: { readonly arn: string; readonly name: string }) => void
}

/** Secrets removed in one sweep at most, so that callers' writes are not held up. */
const maxRemoved = 100

/** Removes secrets whose deletion date has come, with their versions. Until then they are only treated as gone. */
export const sweepGone = async ({
  clockWatch,
  secrets,
  writer,
  clock,
  random,
  onChange,
}: SweepParts): Promise<number> => {
  if (!clockWatch.isSteady()) return 0
  const atMs = clock.nowMs()
  const gone = await secrets.gone(atMs, maxRemoved)
  for (const secret of gone) {
    const outcome = await writer.write({
      statements: [secrets.remove(secret)],
      audit: [
        {
          atMs,
          actor: 'keyplane:store',
          action: 'secretsmanager:EndRecoveryWindow',
          resource: secret.arn,
          decision: 'allow',
          requestId: uuid(random),
        },
      ],
    })
    if (outcome === 'committed') onChange({ arn: secret.arn, name: secret.name })
  }
  return gone.length
}

/**
 * Ends the rotations of secrets that were removed: whoever does a step of one has no lease from then on, and nobody goes on
 * with it.
 */
export const sweepRotations = async ({ rotations, writer }: SweepParts): Promise<void> => {
  const forgotten = await rotations.forgotten(maxRemoved)
  if (forgotten.length > 0) await writer.write({ statements: forgotten.map((id) => rotations.forget(id)), audit: [] })
}
