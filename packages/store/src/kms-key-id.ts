import { partitionOf } from '@keyplane/aws'
import { awsError } from './aws-errors.ts'
import { defaultKeyAlias } from './kms-keys.ts'
import type { Caller } from './operation-context.ts'

/**
 * The KMS key of an input as it is stored: empty for the account's default key, which is the only one that there is.
 * @throws AwsError InvalidParameterException for any other.
 */
export const requireKmsKey = (given: string | undefined, { account, region }: Caller): string => {
  const arn = `arn:${partitionOf(region).name}:kms:${region}:${account}:${defaultKeyAlias}`
  if (
    given === undefined ||
    given === '' ||
    given === defaultKeyAlias ||
    given === 'aws/secretsmanager' ||
    given === arn
  )
    return ''
  throw awsError(
    'InvalidParameterException',
    'This store has no KMS keys of your own; leave KmsKeyId out, or name alias/aws/secretsmanager.',
  )
}
