import type { Random, SecretValue } from '@keyplane/core'
import {
  mongodbTwoUsersRotator,
  mongodbUserRotator,
  mysqlTwoUsersRotator,
  mysqlUserRotator,
  postgresTwoUsersRotator,
  postgresUserRotator,
  randomPasswordRotator,
  redisUserRotator,
  type Rotator,
} from '@keyplane/rotation'

/** What the store's own rotators need. */
export interface BuiltInParts {
  readonly random: Random
  /** The login in the secret that the value names as `masterarn`. */
  readonly admin: () => Promise<SecretValue>
  readonly hasAdmin: boolean
}

const makers: Readonly<Record<string, (parts: BuiltInParts) => Rotator>> = {
  'random-password': ({ random }) => randomPasswordRotator({ random }),
  'postgres-user': ({ random, admin, hasAdmin }) => postgresUserRotator({ random, ...(hasAdmin && { admin }) }),
  'postgres-two-users': ({ random, admin }) => postgresTwoUsersRotator({ random, admin }),
  'mysql-user': ({ random, admin, hasAdmin }) => mysqlUserRotator({ random, ...(hasAdmin && { admin }) }),
  'mysql-two-users': ({ random, admin }) => mysqlTwoUsersRotator({ random, admin }),
  'mongodb-user': ({ random, admin, hasAdmin }) => mongodbUserRotator({ random, ...(hasAdmin && { admin }) }),
  'mongodb-two-users': ({ random, admin }) => mongodbTwoUsersRotator({ random, admin }),
  'redis-user': ({ random, admin }) => redisUserRotator({ random, admin }),
}

const prefix = 'arn:keyplane:rotation:::'

/** Whether RotateSecret's function is a rotator of the store's own: `arn:keyplane:rotation:::postgres-user`. */
export const isBuiltIn = (functionArn: string): boolean => functionArn.startsWith(prefix)

/** Whether it takes the login of an administrator. */
export const takesAdmin = (functionArn: string): boolean =>
  builtInRotator(functionArn) !== undefined && functionArn !== `${prefix}random-password`

/** Whether two users take turns: `app` and `app_clone`. */
export const hasTwoUsers = (functionArn: string): boolean => functionArn.endsWith('-two-users')

/** Whether it can't do without the login of an administrator. */
export const needsAdmin = (functionArn: string): boolean =>
  isBuiltIn(functionArn) && (hasTwoUsers(functionArn) || functionArn.endsWith('redis-user'))

/** How one of the store's own rotators is made; nothing where there is no such one. */
export const builtInRotator = (functionArn: string): ((parts: BuiltInParts) => Rotator) | undefined => {
  const name = functionArn.slice(prefix.length)
  return isBuiltIn(functionArn) && Object.hasOwn(makers, name) ? makers[name] : undefined
}
