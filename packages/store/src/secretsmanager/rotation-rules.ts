import type { RotationRules } from '@keyplane/aws'
import { rotationSchedule } from '@keyplane/rotation'
import { awsError } from '../aws-errors.ts'

/**
 * Checks when a secret is to be rotated.
 * @throws AwsError InvalidParameterException
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html
 */
export const requireRotationRules = ({ AutomaticallyAfterDays: days, ScheduleExpression }: RotationRules): void => {
  if (days !== undefined && ScheduleExpression !== undefined)
    refuse('You cannot specify both rotation frequency and schedule expression together.')
  if (days !== undefined && (days < 1 || days > 1000))
    refuse('RotationRules.AutomaticallyAfterDays must be within 1-1000.')
  if (ScheduleExpression !== undefined && !isSchedule(ScheduleExpression))
    refuse('The ScheduleExpression is not valid.')
}

const refuse = (message: string): never => {
  throw awsError('InvalidParameterException', message)
}

const isSchedule = (expression: string): boolean => {
  try {
    rotationSchedule({ expression, secretId: '', anchorMs: 0, dialect: 'secretsmanager' })
    return true
  } catch {
    return false
  }
}
