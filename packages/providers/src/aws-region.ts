import type { AwsEnvironment } from '@keyplane/aws'

/** The region where none is given: AWS_REGION, AWS_DEFAULT_REGION, us-east-1. */
export const awsRegion = (env: AwsEnvironment): string => env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || 'us-east-1'

/** The endpoint that the environment names for a service (`SECRETS_MANAGER`, `STS`), as the AWS SDKs read it. */
export const awsEndpoint = (env: AwsEnvironment, service: string): string | undefined =>
  env['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS'] === 'true'
    ? undefined
    : env[`AWS_ENDPOINT_URL_${service}`] || env['AWS_ENDPOINT_URL'] || undefined
