import { readFileSync } from 'node:fs'
import { SecretsError } from '@keyplane/core'
import { parse, TomlError } from 'smol-toml'
import { nearest } from './nearest.ts'

/** What the agent is told, with defaults filled in. Frozen. */
export interface AgentConfig {
  readonly httpPort: number
  readonly region?: string
  readonly ttlMs: number
  readonly cacheSize: number
  readonly maxConnections: number
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'none'
  readonly logToFile: boolean
  /** Lower case. */
  readonly tokenHeaders: readonly string[]
  readonly tokenVariables: readonly string[]
  readonly pathPrefix: string
  readonly ignoreTransientErrors: boolean
  readonly validateCredentials: boolean
  /** Another endpoint than AWS's own: Keyplane's store, a VPC endpoint. */
  readonly endpoint?: string
  /** How long past its expiry a value covers failures of AWS that may pass. */
  readonly maxStaleMs: number
}

type Read = (value: unknown) => { readonly value: unknown } | { readonly problem: string }

interface Option {
  readonly default: unknown
  readonly read: Read
  readonly set: (value: never) => Partial<AgentConfig>
}

const option = <T>(fallback: T, read: Read, set: (value: T) => Partial<AgentConfig>): Option => ({
  default: fallback,
  read,
  set: set as Option['set'],
})

/** The AWS agent takes numbers in quotes too. */
const integer =
  (min: number, max: number, also?: number): Read =>
  (value) => {
    const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
    const fits =
      Number.isInteger(number) && (number === also || ((number as number) >= min && (number as number) <= max))
    return fits ? { value: number } : { problem: `must be a whole number from ${min} to ${max}` }
  }

const bool: Read = (value) =>
  value === true || value === false
    ? { value }
    : value === 'true' || value === 'false'
      ? { value: value === 'true' }
      : { problem: 'must be true or false' }

const string: Read = (value) => (typeof value === 'string' && value !== '' ? { value } : { problem: 'must be a text' })

const path: Read = (value) =>
  typeof value === 'string' && value.startsWith('/') ? { value } : { problem: 'must begin with /' }

const level: Read = (value) => {
  const name = typeof value === 'string' ? value.toLowerCase() : ''
  return ['debug', 'info', 'warn', 'error', 'none'].includes(name)
    ? { value: name }
    : { problem: 'must be DEBUG, INFO, WARN, ERROR or NONE' }
}

const list =
  (item: RegExp, what: string): Read =>
  (value) =>
    Array.isArray(value) && value.length > 0 && value.every((entry) => typeof entry === 'string' && item.test(entry))
      ? { value }
      : { problem: `must be a list of at least one ${what}` }

const endpoint: Read = (value) => {
  const fits = typeof value === 'string' && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)
  return fits ? { value } : { problem: 'must be an http:// or https:// address' }
}

/** The AWS agent's own keys. @see https://github.com/aws/aws-secretsmanager-agent */
const awsOptions: Readonly<Record<string, Option>> = {
  http_port: option(2773, integer(1024, 65_535, 0), (httpPort: number) => ({ httpPort })),
  region: option(undefined, string, (region?: string) => (region === undefined ? {} : { region })),
  ttl_seconds: option(300, integer(1, 3_600, 0), (seconds: number) => ({ ttlMs: seconds * 1_000 })),
  cache_size: option(1_000, integer(0, 1_000), (cacheSize: number) => ({ cacheSize })),
  max_conn: option(800, integer(1, 1_000), (maxConnections: number) => ({ maxConnections })),
  log_level: option('info', level, (logLevel: AgentConfig['logLevel']) => ({ logLevel })),
  log_to_file: option(true, bool, (logToFile: boolean) => ({ logToFile })),
  ssrf_headers: option(
    ['X-Aws-Parameters-Secrets-Token', 'X-Vault-Token'],
    list(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'header name'),
    (names: string[]) => ({ tokenHeaders: Object.freeze(names.map((name) => name.toLowerCase())) }),
  ),
  ssrf_env_variables: option(
    ['KEYPLANE_AGENT_TOKEN', 'AWS_TOKEN', 'AWS_SESSION_TOKEN', 'AWS_CONTAINER_AUTHORIZATION_TOKEN'],
    list(/^[A-Za-z_]\w*$/, 'environment variable'),
    (tokenVariables: string[]) => ({ tokenVariables: Object.freeze([...tokenVariables]) }),
  ),
  path_prefix: option('/v1/', path, (pathPrefix: string) => ({ pathPrefix })),
  ignore_transient_errors: option(true, bool, (ignoreTransientErrors: boolean) => ({ ignoreTransientErrors })),
  validate_credentials: option(true, bool, (validateCredentials: boolean) => ({ validateCredentials })),
}

/** Ours, in a table of their own, so that one file serves both products. */
const ownOptions: Readonly<Record<string, Option>> = {
  endpoint: option(undefined, endpoint, (url?: string) => (url === undefined ? {} : { endpoint: url })),
  max_stale_seconds: option(86_400, integer(0, 604_800), (seconds: number) => ({ maxStaleMs: seconds * 1_000 })),
}

const ownTable = 'keyplane'

/** Keys of the AWS agent and its successor that this one does not have. Taking them silently would be a promise. */
const unsupported: ReadonlySet<string> = new Set([
  'capabilities',
  'credentials_file_path',
  'logging',
  'max_roles',
  'prefetch',
])

/** Every option with its default, for `settings show` and the docs. */
export const agentDefaults: Readonly<Record<string, unknown>> = Object.freeze({
  ...Object.fromEntries(Object.entries(awsOptions).map(([key, { default: value }]) => [key, value])),
  ...Object.fromEntries(Object.entries(ownOptions).map(([key, { default: value }]) => [`${ownTable}.${key}`, value])),
})

/**
 * The configuration that a TOML text holds.
 * @throws SecretsError `config_invalid`, with every problem, its line and its bound in one message.
 */
export const parseAgentConfig = (text: string, file = 'the configuration'): AgentConfig => {
  const table = parseToml(text, file)
  const problems: string[] = []
  const lowerCase = (of: object, prefix = ''): Record<string, unknown> => {
    problems.push(...repeatedKeys(of, text).map(({ key, line }) => `${file}${line}: ${prefix}${key} is given twice.`))
    return lowerCaseKeys(of)
  }
  const { [ownTable]: own = {}, ...flat } = lowerCase(table)
  const read = (values: Record<string, unknown>, options: Readonly<Record<string, Option>>, prefix = '') => {
    const at = (key: string): string => `${file}${lineOf(text, key)}: ${prefix}${key}`
    for (const key of Object.keys(values))
      if (!Object.hasOwn(options, key)) {
        const meant = nearest(key, Object.keys(options))
        const why = unsupported.has(key) ? 'is not supported by this agent' : 'is not an option'
        problems.push(`${at(key)} ${why}${meant ? `; did you mean ${meant}?` : '.'}`)
      }
    return Object.entries(options).map(([key, { default: fallback, read: readValue, set }]) => {
      if (!Object.hasOwn(values, key)) return set(fallback as never)
      const result = readValue(values[key])
      if ('value' in result) return set(result.value as never)
      problems.push(`${at(key)} ${result.problem}.`)
      return {}
    })
  }
  const isTable = typeof own === 'object' && own !== null && !Array.isArray(own)
  if (!isTable) problems.push(`${file}${lineOf(text, ownTable)}: ${ownTable} must be a table.`)
  const parts = [
    ...read(flat, awsOptions),
    ...read(isTable ? lowerCase(own, `${ownTable}.`) : {}, ownOptions, `${ownTable}.`),
  ]
  if (problems.length > 0) throw new SecretsError('config_invalid', problems.join('\n'))
  return Object.freeze(Object.assign({}, ...parts)) as AgentConfig
}

/** The configuration of a file; the defaults where none is named. @throws SecretsError `config_invalid`. */
export const readAgentConfig = (file?: string): AgentConfig => {
  if (file === undefined) return parseAgentConfig('')
  try {
    return parseAgentConfig(readFileSync(file, 'utf8'), file)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (cause instanceof SecretsError) throw cause
    throw new SecretsError('config_invalid', `The configuration file ${file} can't be read (${code}).`, { cause })
  }
}

const parseToml = (text: string, file: string): Record<string, unknown> => {
  try {
    return parse(text)
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause
    // Only the place: the message itself quotes the text around it.
    throw new SecretsError('config_invalid', `${file}:${cause.line}:${cause.column}: this is not TOML.`)
  }
}

/** The AWS agent takes keys in any case. */
const lowerCaseKeys = (table: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(table).map(([key, value]) => [key.toLowerCase(), value]))

/** Keys that are there in two spellings: TOML tells them apart, and the last would win without a word. */
const repeatedKeys = (table: object, text: string): { readonly key: string; readonly line: string }[] => {
  const seen = new Set<string>()
  return Object.keys(table).flatMap((spelling) => {
    const key = spelling.toLowerCase()
    if (seen.has(key)) return [{ key, line: lineOf(text, key, spelling) }]
    seen.add(key)
    return []
  })
}

/** Where a key stands, as `:LINE`; nothing where it can't be told. */
const lineOf = (text: string, key: string, spelling?: string): string => {
  const line = text.split('\n').findIndex((row) => {
    const name = /^\s*\[?\s*(?:keyplane\s*\.\s*)?["']?([\w-]+)["']?/i.exec(row)?.[1]
    return spelling === undefined ? name?.toLowerCase() === key : name === spelling
  })
  return line < 0 ? '' : `:${line + 1}`
}

/** The process's own environment, live. */
export const processEnvironment: Readonly<Record<string, string | undefined>> = process.env
