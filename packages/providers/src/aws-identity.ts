import { type AwsCallOptions, type CallerIdentity, getCallerIdentity } from '@keyplane/aws'
import type { AwsProviderOptions } from './aws.ts'
import { awsCredentialSource } from './aws-credential-source.ts'
import { awsEndpoint, awsRegion } from './aws-region.ts'

export type AwsIdentityOptions = Omit<AwsProviderOptions, 'client'>

/**
 * Whose credentials the aws provider would use, asked of STS. Asked at `stsEndpoint`, else at
 * `endpoint`, AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL, the region's own.
 * @throws SecretsError `unauthenticated` where AWS does not take them; `source_misconfigured` where there are none.
 */
export const awsIdentity = (options: AwsIdentityOptions = {}, call: AwsCallOptions = {}): Promise<CallerIdentity> => {
  const { env = {}, credentials: _, endpoint: wanted, onCall: __, maxRoles: ___, stsEndpoint, ...transport } = options
  const region = options.region ?? awsRegion(env)
  const endpoint = stsEndpoint ?? wanted ?? awsEndpoint(env, 'STS')
  const credentials = awsCredentialSource(options, region)
  return getCallerIdentity({ ...transport, region, credentials, ...(endpoint ? { endpoint } : {}) }, call)
}
