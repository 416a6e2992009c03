import type { RotationRules } from '@keyplane/aws'
import { awsError } from '../aws-errors.ts'
import { rulesOf } from '../rotation/next-rotation.ts'

/**
 * Checks when a secret is to be rotated.
 * @throws AwsError InvalidParameterException
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html
 */
export const requireRotationRules = (rules: RotationRules, nowMs: number): void => {
  const { AutomaticallyAfterDays: days, ScheduleExpression } = rules
  if (days !== undefined && ScheduleExpression !== undefined)
    refuse('You cannot specify both rotation frequency and schedule expression together.')
  if (days !== undefined && (days < 1 || days > 1000))
    refuse('RotationRules.AutomaticallyAfterDays must be within 1-1000.')
  // A window alone is that of a schedule that is known later.
  if (days !== undefined || ScheduleExpression !== undefined) rulesOf(rules, { nowMs })
}

const refuse = (message: string): never => {
  throw awsError('InvalidParameterException', message)
}
