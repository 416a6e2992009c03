import { type AwsCredentialSource, type AwsCredentials, type AwsEnvironment, awsCredentials } from '@keyplane/aws'
import { type Clock, systemClock } from '@keyplane/core'

/** The options of everything that signs for AWS. */
export interface SignerOptions {
  readonly credentials?: AwsCredentials | AwsCredentialSource
  readonly env?: AwsEnvironment
  readonly clock?: Clock
}

/** Where credentials come from: the options, else their environment, else AWS's chain. */
export const awsCredentialSource = (
  { credentials, env = {}, clock = systemClock }: SignerOptions,
  region: string,
): AwsCredentialSource =>
  typeof credentials === 'function'
    ? credentials
    : awsCredentials(env, { region, clock, ...(credentials ? { credentials } : {}) })
