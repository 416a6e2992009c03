import { awsError } from '../aws-errors.ts'
import { dayMs } from '../day.ts'
import type { SecretRow } from '../storage/tables.ts'

/** AWS: 7–30 days, 30 unless told otherwise. @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html */
const window = { minDays: 7, maxDays: 30, defaultDays: 30 } as const

/**
 * How long a deleted secret can be restored; 0 if it is not to be.
 * @throws AwsError InvalidParameterException for a window outside 7–30 days, or one together with a forced deletion.
 */
export const recoveryWindowMs = (input: {
  readonly RecoveryWindowInDays?: number
  readonly ForceDeleteWithoutRecovery?: boolean
}): number => {
  const { RecoveryWindowInDays: days, ForceDeleteWithoutRecovery: force = false } = input
  if (days !== undefined && (days < window.minDays || days > window.maxDays))
    throw awsError(
      'InvalidParameterException',
      'The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).',
    )
  if (force && days !== undefined)
    throw awsError(
      'InvalidParameterException',
      "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
    )
  return force ? 0 : (days ?? window.defaultDays) * dayMs
}

/** Whether a secret's deletion date has come: it is treated as absent, even while its rows are still there. */
export const isGone = ({ gone_at_ms }: SecretRow, nowMs: number): boolean => gone_at_ms !== null && gone_at_ms <= nowMs
