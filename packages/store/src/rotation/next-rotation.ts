import type { RotationRules } from '@keyplane/aws'
import { SecretsError } from '@keyplane/core'
import {
  afterBlackouts,
  jitterWithin,
  type RotationCalendar,
  type RotationSchedule,
  rotationSchedule,
  windowDurationMs,
} from '@keyplane/rotation'
import { awsError } from '../aws-errors.ts'
import { dayMs } from '../day.ts'
import type { SecretRotationRow } from '../storage/tables.ts'

type Rules = Pick<SecretRotationRow, 'after_days' | 'expression' | 'duration'>

/**
 * The columns of what a caller said; nothing where he left the schedule out. A window alone is that of the known schedule.
 * @throws AwsError InvalidParameterException
 */
export const rulesOf = (
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
    requireSchedule(given, nowMs)
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
export const nextRotationMs = (
  rules: Rules,
  { anchorMs, afterMs }: Counting,
  { arn, calendar }: Keeping,
): number | null => scheduleOf(arn, rules, anchorMs, calendar)?.nextRuns(afterMs, 1)[0]?.startsAtMs ?? null

/** What a schedule that was set before counts from. */
export const anchorOf = ({
  rotated_at_ms,
  configured_at_ms,
}: Pick<SecretRotationRow, 'rotated_at_ms' | 'configured_at_ms'>): number =>
  Math.max(rotated_at_ms ?? 0, configured_at_ms)

/** As DescribeSecret gives them: of an expression, the days between two runs stand beside it. */
export const shownRules = (rules: Rules, fromMs: number): RotationRules | undefined => {
  const { after_days, expression, duration } = rules
  const [first, second] = scheduleOf('', rules, fromMs, {})?.nextRuns(fromMs, 2) ?? []
  if (!first) return undefined
  const days =
    after_days ?? (second ? Math.max(1, Math.round((second.opensAtMs - first.opensAtMs) / dayMs)) : undefined)
  return {
    ...(days !== undefined && { AutomaticallyAfterDays: days }),
    ...(duration !== null && { Duration: duration }),
    ...(expression !== null && { ScheduleExpression: expression }),
  }
}

/** By what a secret's schedule is kept. */
export interface Keeping {
  /** The secret's ARN: its delays follow from it. */
  readonly arn: string
  readonly calendar: RotationCalendar
}

/**
 * When a rotation that is due may begin: at that moment, or later where that is a blackout date, or its window is over.
 * Without a window of its own it is caught up at once.
 */
export const beginsAtMs = (row: SecretRotationRow, nowMs: number, { arn, calendar }: Keeping): number => {
  const { next_at_ms: dueMs, duration } = row
  const schedule = dueMs === null ? undefined : scheduleOf(arn, row, dueMs, calendar)
  const putOffMs = dueMs === null ? nowMs : afterBlackouts(calendar, dueMs)
  if (putOffMs > nowMs) return putOffMs
  if (!schedule || dueMs === null || duration === null) return nowMs
  const windowMs = windowDurationMs(duration)
  if (nowMs < dueMs + windowMs - jitterWithin(calendar, windowMs)) return nowMs
  const run = schedule.dueRun({ lastMs: dueMs, nowMs })
  if (run && nowMs < run.opensAtMs + windowMs) return nowMs
  return schedule.nextRuns(nowMs, 1)[0]?.startsAtMs ?? nowMs
}

const expressionOf = ({ expression, after_days }: Rules): string | undefined =>
  expression ?? (after_days === null ? undefined : `rate(${after_days} days)`)

/** @throws SecretsError `config_invalid` for what AWS would not take. */
const requireSchedule = (rules: Rules, anchorMs: number): void => {
  const expression = expressionOf(rules)
  if (expression === undefined) return
  rotationSchedule({
    expression,
    secretId: '',
    anchorMs,
    // A thousand days are more than any rate.
    dialect: rules.expression === null && rules.after_days === 1000 ? 'full' : 'secretsmanager',
    ...(rules.duration !== null && { windowMs: windowDurationMs(rules.duration) }),
  })
}

/** As it is kept: what was taken once is kept in whatever calendar. */
const scheduleOf = (
  arn: string,
  rules: Rules,
  anchorMs: number,
  calendar: RotationCalendar,
): RotationSchedule | undefined => {
  const expression = expressionOf(rules)
  if (expression === undefined) return undefined
  const windowMs = rules.duration === null ? Number.POSITIVE_INFINITY : windowDurationMs(rules.duration)
  return rotationSchedule({
    expression,
    secretId: arn,
    anchorMs,
    ...calendar,
    jitterMs: jitterWithin(calendar, windowMs),
  })
}
