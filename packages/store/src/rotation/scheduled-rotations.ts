import { SecretsError, toSecretsError } from '@keyplane/core'
import type { WriteOutcome } from '@keyplane/database'
import { isBlackedOut } from '@keyplane/rotation'
import { rotateScheduled } from '../secretsmanager/operations/rotate-secret.ts'
import type { SecretRotationRow } from '../storage/tables.ts'
import { beginsAtMs } from './next-rotation.ts'
import { type ServiceCallParts, serviceCall } from './service-call.ts'
import type { StoredVersions } from './stored-versions.ts'

export interface ScheduledRotationsParts extends ServiceCallParts {
  readonly stored: StoredVersions
  readonly onError: (error: SecretsError) => void
}

/** Until a schedule that can't be kept is looked at again. */
const putOffMs = 3_600_000
const atATime = 100

/**
 * Asks for the rotations whose time has come, as if somebody had called RotateSecret; none on blackout dates, and none after
 * its window, which waits for the next.
 */
export const askScheduled = async (parts: ScheduledRotationsParts): Promise<void> => {
  const { calendar } = parts
  const nowMs = parts.clock.nowMs()
  const isBlackout = isBlackedOut(calendar, nowMs)
  for (const row of await parts.rotations.due(nowMs, atATime)) {
    try {
      const { secret } = await parts.stored.secret(row.secret_id)
      const atMs = beginsAtMs(row, nowMs, { arn: secret.arn, calendar })
      if (atMs > nowMs) {
        // Others see the same.
        const isPutOff = (await putOff(parts, row, atMs)) === 'committed'
        if (isPutOff && !isBlackedOut(calendar, row.next_at_ms ?? nowMs)) parts.onError(windowMissed(secret.name, atMs))
      } else if (!isBlackout)
        await serviceCall(parts, secret, 'RotateSecret', (context) => rotateScheduled(context, row, secret.arn))
    } catch (error) {
      // Others wait behind it.
      await putOff(parts, row, nowMs + putOffMs)
      parts.onError(toSecretsError(error))
    }
  }
}

const windowMissed = (name: string, atMs: number): SecretsError =>
  new SecretsError(
    'unavailable',
    `The rotation of ${JSON.stringify(name)} did not begin within its window; it begins in the next: ${new Date(atMs).toISOString()}.`,
    { reason: 'window_missed' },
  )

const putOff = (
  { rotations, writer }: ScheduledRotationsParts,
  row: SecretRotationRow,
  untilMs: number,
): Promise<WriteOutcome> => writer.write({ statements: [rotations.putOff(row, untilMs)], audit: [] })
