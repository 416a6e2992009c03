import { type AgentConfig, agentDefaults, readAgentConfig } from '@keyplane/agent'

/** One setting, fit to be shown. */
export interface Setting {
  readonly name: string
  readonly value: string
  readonly origin: string
}

/** How each key of the agent's file is read back from what was made of it. */
const valueOf: Readonly<Record<string, (config: AgentConfig) => unknown>> = {
  http_port: ({ httpPort }) => httpPort,
  region: ({ region }) => region,
  ttl_seconds: ({ ttlMs }) => ttlMs / 1_000,
  cache_size: ({ cacheSize }) => cacheSize,
  max_conn: ({ maxConnections }) => maxConnections,
  log_level: ({ logLevel }) => logLevel,
  log_to_file: ({ logToFile }) => logToFile,
  ssrf_headers: ({ tokenHeaders }) => tokenHeaders,
  ssrf_env_variables: ({ tokenVariables }) => tokenVariables,
  path_prefix: ({ pathPrefix }) => pathPrefix,
  ignore_transient_errors: ({ ignoreTransientErrors }) => ignoreTransientErrors,
  validate_credentials: ({ validateCredentials }) => validateCredentials,
  credentials_file_path: ({ credentialsFile }) => credentialsFile,
  max_roles: ({ maxRoles }) => maxRoles,
  'prefetch.cache_buffer_ratio': ({ prefetch }) => prefetch.cacheRatio,
  'prefetch.max_jitter_seconds': ({ prefetch }) => prefetch.maxJitterMs / 1_000,
  'prefetch.secrets': ({ prefetch }) => prefetch.secrets.map(({ secretId }) => secretId),
  'prefetch.filter_tags': ({ prefetch }) => prefetch.filterTags.map(({ key }) => key),
  'keyplane.source': ({ source }) => source,
  'keyplane.lambda_extension': ({ lambdaExtension }) => lambdaExtension,
  'keyplane.vault_mounts': ({ vaultMounts }) => vaultMounts,
  'keyplane.vault_port': ({ vaultPort }) => vaultPort,
  'keyplane.socket_path': ({ socketPath }) => socketPath,
  'keyplane.socket_mode': ({ socketMode }) => socketMode.toString(8).padStart(4, '0'),
  'keyplane.clients': ({ clients }) => clients.map(({ name }) => name),
  'keyplane.listen': ({ listen }) => listen.map(({ address, port }) => `${address} ${port}`),
  'keyplane.audit_folder': ({ auditFolder }) => auditFolder,
  'keyplane.persist_file': ({ persistFile }) => persistFile,
  'keyplane.persist_key_file': ({ persistKeyFile }) => persistKeyFile,
  'keyplane.endpoint': ({ endpoint }) => endpoint,
  'keyplane.sts_endpoint': ({ stsEndpoint }) => stsEndpoint,
  'keyplane.prefetch_prefixes': ({ prefetch }) => prefetch.prefixes,
  'keyplane.max_stale_seconds': ({ maxStaleMs }) => maxStaleMs / 1_000,
}

/**
 * The agent's settings with a file's values, or with the defaults where no file is named. What a file sets to its
 * default counts as the default.
 * @throws SecretsError `config_invalid` with everything that is wrong in the file.
 */
export const agentSettings = (file: string | undefined): Setting[] => {
  const [config, defaults] = [readAgentConfig(file), readAgentConfig()]
  return Object.entries(agentDefaults).map(([key, fallback]) => {
    const [set, unset] = [config, defaults].map((from) => JSON.stringify(valueOf[key]?.(from)))
    const isSet = set !== unset
    const value = isSet ? set : JSON.stringify(fallback)
    return {
      name: `agent.toml: ${key}`,
      value: value === undefined ? '(none)' : withoutLogin(value),
      origin: isSet ? `file (${file})` : 'default',
    }
  })
}

/** An address without the user and the password that it may hold. */
export const withoutLogin = (value: string): string => value.replace(/\/\/[^/?#]*@/, '//****@')
