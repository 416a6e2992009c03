import type { RotationRules } from '@keyplane/aws'
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
  if (ScheduleExpression !== undefined && !isRate(ScheduleExpression) && !isCron(ScheduleExpression))
    refuse('The ScheduleExpression is not valid.')
}

const refuse = (message: string): never => {
  throw awsError('InvalidParameterException', message)
}

/** From four hours to 999 days. */
const isRate = (expression: string): boolean => {
  const [, count = '', unit = ''] = /^rate\((\d{1,5}) (hours?|days?)\)$/.exec(expression) ?? []
  const hours = Number(count) * (unit.startsWith('day') ? 24 : 1)
  return count !== '' && hours >= 4 && hours <= 999 * 24
}

/** Minutes are 0 and the year is any; one of the two kinds of day is left open. */
const isCron = (expression: string): boolean => {
  const fields = /^cron\((.+)\)$/.exec(expression)?.[1]?.split(' ') ?? []
  const [minutes, hours = '', days = '', months = '', weekdays = '', year] = fields
  return (
    fields.length === 6 &&
    minutes === '0' &&
    year === '*' &&
    /^(?:(?:\*|\d{1,2})(?:\/\d{1,2})?|\/\d{1,2})$/.test(hours) &&
    /^[\w*,/-]+$/.test(months) &&
    [days, weekdays].every((field) => /^[\w*,#/?-]+$/.test(field)) &&
    [days, weekdays].filter((field) => field === '?').length === 1
  )
}
