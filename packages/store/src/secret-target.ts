import { parseSecretArn } from '@keyplane/aws'
import { awsError } from './aws-errors.ts'

/** Which secret a SecretId means. */
export type SecretTarget =
  | {
      readonly kind: 'arn'
      readonly id: string
      readonly account: string
      readonly region: string
      readonly name: string
    }
  | {
      readonly kind: 'name'
      readonly id: string
      readonly account: string
      readonly region: string
      readonly name: string
    }

/** AWS: 1–512 of these; its own text says less than it allows. */
const namePattern = /^[A-Za-z0-9/_+=.@!-]{1,512}$/

/**
 * Checks a secret's name.
 * @throws AwsError ValidationException
 */
export const requireSecretName = (name: string): string => {
  if (namePattern.test(name)) return name
  throw awsError(
    'ValidationException',
    'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!',
  )
}

/**
 * Reads a SecretId: a complete ARN, a partial one (which stands for the one secret of that name), or a name in the
 * caller's account and region.
 * @throws AwsError ValidationException for what is neither.
 */
export const secretTarget = (
  id: string,
  caller: { readonly account: string; readonly region: string },
): SecretTarget => {
  const arn = parseSecretArn(id)
  if (!arn) return { kind: 'name', id, account: caller.account, region: caller.region, name: requireSecretName(id) }
  const { account, region, name, suffix } = arn
  return { kind: suffix === undefined ? 'name' : 'arn', id, account, region, name }
}
