import { type SecretsError, toSecretsError } from '@keyplane/core'
import { rotateScheduled } from '../secretsmanager/operations/rotate-secret.ts'
import type { SecretRotationRow } from '../storage/tables.ts'
import { type ServiceCallParts, serviceCall } from './service-call.ts'
import type { StoredVersions } from './stored-versions.ts'

export interface ScheduledRotationsParts extends ServiceCallParts {
  readonly stored: StoredVersions
  readonly onError: (error: SecretsError) => void
}

/** Until a schedule that can't be kept is looked at again. */
const putOffMs = 3_600_000
const atATime = 100

/** Asks for the rotations whose time has come, as if somebody had called RotateSecret. */
export const askScheduled = async (parts: ScheduledRotationsParts): Promise<void> => {
  for (const row of await parts.rotations.due(parts.clock.nowMs(), atATime)) {
    try {
      const { secret } = await parts.stored.secret(row.secret_id)
      await serviceCall(parts, secret, 'RotateSecret', (context) => rotateScheduled(context, row, secret.arn))
    } catch (error) {
      // Others wait behind it.
      await putOff(parts, row)
      parts.onError(toSecretsError(error))
    }
  }
}

const putOff = async ({ rotations, writer, clock }: ScheduledRotationsParts, row: SecretRotationRow): Promise<void> => {
  await writer.write({ statements: [rotations.putOff(row, clock.nowMs() + putOffMs)], audit: [] })
}
