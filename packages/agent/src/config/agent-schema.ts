import type { AgentConfig, ConfigParts, PrefetchedSecret, PrefetchedTag, SourceName } from './agent-config.ts'
import { keepingOptions } from './keeping-schema.ts'
import { listenerOptions, listenerRows } from './listener-schema.ts'
import { foreign, type Option, option, type Rows, type Schema, type Section, section } from './schema.ts'
import {
  address,
  anyText,
  bool,
  integer,
  level,
  listOf,
  path,
  ratio,
  textLike,
  textsLike,
  wordOf,
} from './value-readers.ts'

const regionName = textLike(/^[a-z0-9-]{0,64}$/i, 'a region, like eu-west-1')
const seconds = (set: (ms: number) => Partial<ConfigParts>) => (value: number) => set(value * 1_000)

/** The AWS agent's own keys, which its successor has in sections. @see https://github.com/aws/aws-secretsmanager-agent */
const aws = {
  http_port: option(2773, integer(1024, 65_535, 0), (httpPort: number) => ({ httpPort })),
  region: option(undefined, regionName, (region?: string) => (region ? { region: region.toLowerCase() } : {})),
  ttl_seconds: option(
    300,
    integer(1, 3_600, 0),
    seconds((ttlMs) => ({ ttlMs })),
  ),
  cache_size: option(1_000, integer(0, 1_000), (cacheSize: number) => ({ cacheSize })),
  max_conn: option(800, integer(1, 1_000), (maxConnections: number) => ({ maxConnections })),
  max_roles: option(20, integer(1, 20), (maxRoles: number) => ({ maxRoles })),
  log_level: option('info', level, (logLevel: AgentConfig['logLevel']) => ({ logLevel })),
  log_to_file: option(true, bool, (logToFile: boolean) => ({ logToFile })),
  ssrf_headers: option(
    ['X-Aws-Parameters-Secrets-Token', 'X-Vault-Token'],
    listOf(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'header name'),
    (names: string[]) => ({ tokenHeaders: Object.freeze(names.map((name) => name.toLowerCase())) }),
  ),
  ssrf_env_variables: option(
    ['KEYPLANE_AGENT_TOKEN', 'AWS_TOKEN', 'AWS_SESSION_TOKEN', 'AWS_CONTAINER_AUTHORIZATION_TOKEN'],
    // Whatever an environment can have.
    listOf(/^[^=\0]+$/, 'environment variable'),
    (tokenVariables: string[]) => ({ tokenVariables: Object.freeze([...tokenVariables]) }),
  ),
  path_prefix: option('/v1/', path, (pathPrefix: string) => ({ pathPrefix })),
  ignore_transient_errors: option(true, bool, (ignoreTransientErrors: boolean) => ({ ignoreTransientErrors })),
  validate_credentials: option(true, bool, (validateCredentials: boolean) => ({ validateCredentials })),
  credentials_file_path: option(undefined, anyText, (credentialsFile?: string) =>
    credentialsFile === undefined ? {} : { credentialsFile },
  ),
} satisfies Record<string, Option>

const roleArn = {
  read: textLike(/^arn:[\w-]+:iam::\d{12}:role\/[\w+=,.@/-]+$/, 'arn:<partition>:iam::<account>:role/<name>'),
  required: false,
} as const

/** The fields of a row that are there, by our own names. */
const named = (row: Readonly<Record<string, unknown>>, names: Readonly<Record<string, string>>): object =>
  Object.freeze(Object.fromEntries(Object.entries(row).map(([field, value]) => [names[field], value])))

const prefetchSecrets: Rows = {
  kind: 'rows',
  fields: { secret_id: { read: anyText, required: true }, role_arn: roleArn },
  set: (rows) => ({
    prefetchSecrets: rows.map((row) => named(row, { secret_id: 'secretId', role_arn: 'roleArn' }) as PrefetchedSecret),
  }),
}

const prefetchTags: Rows = {
  kind: 'rows',
  fields: { key: { read: anyText, required: true }, role_arn: roleArn },
  set: (rows) => ({
    prefetchTags: rows.map((row) => named(row, { key: 'key', role_arn: 'roleArn' }) as PrefetchedTag),
  }),
}

const prefetchOptions = {
  cache_buffer_ratio: option(0.8, ratio(0.1, 1), (prefetchCacheRatio: number) => ({ prefetchCacheRatio })),
  max_jitter_seconds: option(
    0,
    integer(0, 10),
    seconds((prefetchMaxJitterMs) => ({ prefetchMaxJitterMs })),
  ),
} satisfies Record<string, Option>

const prefetch: Section = section({
  ...prefetchOptions,
  secrets: prefetchSecrets,
  filter_tags: prefetchTags,
})

const sources: readonly SourceName[] = ['aws', 'azure', 'env', 'file', 'gcp', 'openbao', 'service', 'ssm']

/** Ours, in a table of their own, so that one file serves both products. */
const own = {
  source: option('aws', wordOf(sources), (source: SourceName) => ({ source })),
  ...listenerOptions,
  ...keepingOptions,
  endpoint: option(undefined, address, (url?: string) => (url === undefined ? {} : { endpoint: url })),
  sts_endpoint: option(undefined, address, (url?: string) => (url === undefined ? {} : { stsEndpoint: url })),
  prefetch_prefixes: option([], textsLike(/[^]/, 'beginning of a name'), (prefixes: string[]) => ({
    prefetchPrefixes: Object.freeze([...prefixes]),
  })),
  max_stale_seconds: option(
    86_400,
    integer(0, 604_800),
    seconds((maxStaleMs) => ({ maxStaleMs })),
  ),
} satisfies Record<string, Option>

const enabled = option(true, bool, (isEnabled: boolean) => ({ enabled: isEnabled }))

const ownSection = section({ ...own, ...listenerRows })

/** The AWS Secrets Manager Agent's file: all keys at the top. */
export const flatSchema: Schema = { ...aws, prefetch, keyplane: ownSection }

const { log_level, log_to_file, ttl_seconds, cache_size, ssrf_headers, ssrf_env_variables, ...inSection } = aws

/** The AWS Workload Credentials Provider's file: the same keys in sections. */
export const nestedSchema: Schema = {
  logging: section({ log_level, log_to_file }),
  capabilities: section({
    secrets_manager: section({
      enabled,
      ...inSection,
      cache: section({ ttl_seconds, cache_size }),
      security: section({ ssrf_headers, ssrf_env_variables }),
      prefetch,
    }),
    // Certificates: a service of the provider's that has a process of its own.
    acm: foreign,
  }),
  keyplane: ownSection,
}

/** The sections that make a file a nested one. */
export const nestedSections: readonly string[] = ['logging', 'capabilities']

const defaultsOf = (options: Readonly<Record<string, Option>>, prefix = ''): [string, unknown][] =>
  Object.entries(options).map(([key, { default: value }]) => [`${prefix}${key}`, value])

/** Every option with its default by its flat name, for `settings show` and the docs. */
export const agentDefaults: Readonly<Record<string, unknown>> = Object.freeze({
  ...Object.fromEntries(defaultsOf(aws)),
  ...Object.fromEntries(defaultsOf(prefetchOptions, 'prefetch.')),
  'prefetch.secrets': [],
  'prefetch.filter_tags': [],
  ...Object.fromEntries(defaultsOf(own, 'keyplane.')),
  'keyplane.clients': [],
  'keyplane.listen': [],
})
