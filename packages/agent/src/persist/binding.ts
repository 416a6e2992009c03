import type { AgentConfig, SourceName } from '../config/agent-config.ts'

const awsVariables = ['AWS_ENDPOINT_URL', 'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS', 'AWS_PROFILE', 'AWS_ROLE_ARN']

const ours = (names: readonly string[]): readonly string[] =>
  names.flatMap((name) => [`KEYPLANE_${name}`, `SECRETS_${name}`])

const theirs = (names: readonly string[]): readonly string[] =>
  names.flatMap((name) => [`BAO_${name}`, `VAULT_${name}`])

/** The variables that tell where a source is, as its provider reads them. */
const variables: Readonly<Record<SourceName, readonly string[]>> = {
  aws: ['AWS_ENDPOINT_URL_SECRETS_MANAGER', ...awsVariables],
  azure: ours(['AZURE_VAULT_URL']),
  env: ours(['ENV_NAME', 'ENV_FOLDER']),
  file: ours(['FILE_ROOTS']),
  gcp: [...ours(['GCP_PROJECT']), 'GOOGLE_CLOUD_PROJECT'],
  openbao: [...ours(['OPENBAO_ADDR', 'OPENBAO_MOUNT', 'OPENBAO_NAMESPACE']), ...theirs(['ADDR', 'NAMESPACE'])],
  service: ours(['SERVICE_URL', 'SERVICE_ENVIRONMENT']),
  ssm: ['AWS_ENDPOINT_URL_SSM', ...awsVariables],
}

/** What kept answers are bound to: the source, where it is, and its region. A text of no secrets. */
export const bindingOf = (
  { source, endpoint, region }: Pick<AgentConfig, 'source' | 'endpoint' | 'region'>,
  env: Readonly<Record<string, string | undefined>>,
): string =>
  JSON.stringify([
    source,
    endpoint ?? '',
    region || env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || '',
    ...variables[source].map((name) => env[name] ?? ''),
  ])
