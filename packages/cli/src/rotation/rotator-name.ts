/** Rotators that the store has of its own. */
export const rotatorNames: readonly string[] = [
  'random-password',
  'postgres-user',
  'postgres-two-users',
  'mysql-user',
  'mysql-two-users',
  'mongodb-user',
  'mongodb-two-users',
  'redis-user',
]

const prefix = 'arn:keyplane:rotation:::'

/** Whether an ARN is that of a rotator of the store's own, and not of a function. */
export const isOwnRotator = (arn: string): boolean => arn.startsWith(prefix)

/** A rotator's short name as RotateSecret's `RotationLambdaARN`; an ARN stays as it is. */
export const rotatorArn = (by: string): string => (by.startsWith('arn:') ? by : `${prefix}${by}`)

/** As a person writes it: the short name of one of the store's own, else the ARN. */
export const rotatorName = (arn: string): string => (isOwnRotator(arn) ? arn.slice(prefix.length) : arn)
