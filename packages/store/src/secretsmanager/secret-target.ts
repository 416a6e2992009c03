import { parseSecretArn, partitionOf } from '@keyplane/aws'
import { awsError } from '../aws-errors.ts'

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
 * A SecretId as it may be recorded, before anybody has judged it: a name or an ARN, 512 characters at most. What has
 * neither form may be a value that was put in the wrong place.
 */
export const recordedId = (id: string): string =>
  namePattern.test(id) || arnPattern.test(id) ? id.slice(0, 512) : '(invalid)'

/** Any ARN of AWS: a secret's, a role's, a key's. */
const arnPattern = /^arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:(?:\d{12})?:[\w/+=,.@!:*-]{1,1024}$/

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
  const { partition, account, region, name, suffix } = arn
  // A partial ARN of a partition that its region is not in is looked up as it stands, and so finds nothing.
  const isPartial = suffix === undefined && partition === partitionOf(region).name
  return { kind: isPartial ? 'name' : 'arn', id, account, region, name }
}
