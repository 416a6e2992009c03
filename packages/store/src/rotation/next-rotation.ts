import type { RotationRules } from '@keyplane/aws'
import { SecretsError } from '@keyplane/core'
import { type RotationSchedule, rotationSchedule, windowDurationMs } from '@keyplane/rotation'
import { awsError } from '../aws-errors.ts'
import { dayMs } from '../day.ts'
import type { SecretRotationRow } from '../storage/tables.ts'

type Rules = Pick<SecretRotationRow, 'after_days' | 'expression' | 'duration'>

/**
 * The columns of what a caller said; nothing where he left the schedule out. A window alone is that of the known schedule.
 * @throws AwsError InvalidParameterException
 */
export const rulesOf = (
  secretId: string,
  rules: RotationRules | undefined,
  { known, nowMs }: { readonly known?: Rules | undefined; readonly nowMs: number },
): Rules | undefined => {
  if (!rules || Object.keys(rules).length === 0) return undefined
  const { AutomaticallyAfterDays: days, ScheduleExpression: expression, Duration: duration } = rules
  const schedule = days === undefined && expression === undefined ? known : undefined
  const given = {
    after_days: days ?? schedule?.after_days ?? null,
    expression: expression ?? schedule?.expression ?? null,
    duration: duration ?? null,
  }
  if (given.after_days === null && given.expression === null)
    throw awsError('InvalidParameterException', 'A Duration is that of a schedule, and the secret has none.')
  try {
    scheduleOf(secretId, given, nowMs)
  } catch (error) {
    if (!(error instanceof SecretsError) || error.code !== 'config_invalid') throw error
    throw awsError('InvalidParameterException', error.message)
  }
  return given
}

/** From when on a schedule counts: a rate from its anchor; the next run is the first one after the other moment. */
export interface Counting {
  readonly anchorMs: number
  readonly afterMs: number
}

/** When the secret is rotated next; null where it has no schedule. */
export const nextRotationMs = (secretId: string, rules: Rules, { anchorMs, afterMs }: Counting): number | null =>
  scheduleOf(secretId, rules, anchorMs)?.nextRuns(afterMs, 1)[0]?.startsAtMs ?? null

/** What a schedule that was set before counts from. */
export const anchorOf = ({
  rotated_at_ms,
  configured_at_ms,
}: Pick<SecretRotationRow, 'rotated_at_ms' | 'configured_at_ms'>): number =>
  Math.max(rotated_at_ms ?? 0, configured_at_ms)

/** As DescribeSecret gives them: of an expression, the days between two runs stand beside it. */
export const shownRules = (secretId: string, rules: Rules, fromMs: number): RotationRules | undefined => {
  const { after_days, expression, duration } = rules
  const [first, second] = scheduleOf(secretId, rules, fromMs)?.nextRuns(fromMs, 2) ?? []
  if (!first) return undefined
  const days =
    after_days ?? (second ? Math.max(1, Math.round((second.opensAtMs - first.opensAtMs) / dayMs)) : undefined)
  return {
    ...(days !== undefined && { AutomaticallyAfterDays: days }),
    ...(duration !== null && { Duration: duration }),
    ...(expression !== null && { ScheduleExpression: expression }),
  }
}

const scheduleOf = (
  secretId: string,
  { after_days, expression, duration }: Rules,
  anchorMs: number,
): RotationSchedule | undefined => {
  const text = expression ?? (after_days === null ? undefined : `rate(${after_days} days)`)
  if (text === undefined) return undefined
  return rotationSchedule({
    expression: text,
    secretId,
    anchorMs,
    // A thousand days are more than any rate.
    dialect: expression === null && after_days === 1000 ? 'full' : 'secretsmanager',
    ...(duration !== null && { windowMs: windowDurationMs(duration) }),
  })
}
