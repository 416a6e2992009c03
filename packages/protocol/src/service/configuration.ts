import { BytesValue, type ErrorCode, SecretsError, type SecretValue, TextValue } from '@keyplane/core'
import { decodeBase64, encodeBase64 } from '../base64.ts'
import { httpStatus } from '../error-status.ts'

/** `degraded`: something is old or from a fallback; `incomplete`: something is not there at all. */
export type ConfigurationStatus = 'ok' | 'degraded' | 'incomplete'

/** A secret within a configuration. */
export interface ConfiguredSecret {
  readonly value: SecretValue
  readonly versionId?: string
  /** The source that gave it. */
  readonly source?: string
  /** How long ago its source last vouched for it, in milliseconds. */
  readonly ageMs: number
  /** Older than it should be, since its source does not answer. */
  readonly stale: boolean
  /** When its source takes it back, in epoch milliseconds. */
  readonly expiresAtMs?: number
  /** The source's own id of the read that fetched it: for the service's record, it does not go over the wire. */
  readonly sourceRequestId?: string
}

/** What a tool needs in an environment, as far as it was to be had. */
export interface ToolConfiguration {
  readonly tool: string
  readonly environment: string
  readonly status: ConfigurationStatus
  /** What is not secret; opaque. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly secrets: ReadonlyMap<string, ConfiguredSecret>
  /** Secrets that their source does not have. */
  readonly missing: readonly string[]
  /** Secrets that their source refused or failed to give. */
  readonly errors: readonly { readonly secret: string; readonly code: ErrorCode }[]
}

type Members = Readonly<Record<string, unknown>>

const malformed = (what: string): SecretsError =>
  new SecretsError('bad_response', `The service's configuration ${what}.`, { source: 'service' })

const isObject = (thing: unknown): thing is Members =>
  typeof thing === 'object' && thing !== null && !Array.isArray(thing)

const textOf = (member: unknown, name: string): string => {
  if (typeof member === 'string') return member
  throw malformed(`has no ${name}`)
}

const optionalText = (member: unknown, name: string): string | undefined =>
  member === undefined || member === null ? undefined : textOf(member, name)

const valueOf = ({ value, encoding }: Members): SecretValue => {
  const text = textOf(value, 'value of a secret')
  if (encoding === undefined) return new TextValue(text)
  const bytes = encoding === 'base64' ? decodeBase64(text) : undefined
  if (!bytes) throw malformed('has a secret that is not encoded as it says')
  return new BytesValue(bytes)
}

const momentOf = (member: unknown): number | undefined => {
  const text = optionalText(member, 'expiresAt that is a date')
  if (text === undefined) return undefined
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(ms)) throw malformed('has an expiresAt that is no date')
  return ms
}

const secretOf = (member: unknown): ConfiguredSecret => {
  if (!isObject(member)) throw malformed('has a secret that is none')
  const { ageMs, stale } = member
  if (typeof ageMs !== 'number' || !(ageMs >= 0) || typeof stale !== 'boolean')
    throw malformed('does not say how old a secret is')
  const versionId = optionalText(member['versionId'], 'versionId that is a text')
  const source = optionalText(member['source'], 'source that is a text')
  const expiresAtMs = momentOf(member['expiresAt'])
  return Object.freeze({
    value: valueOf(member),
    ...(versionId === undefined ? {} : { versionId }),
    ...(source === undefined ? {} : { source }),
    ageMs,
    stale,
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
  })
}

const listOf = (member: unknown, name: string): readonly unknown[] => {
  if (Array.isArray(member)) return member
  throw malformed(`has no list of ${name}`)
}

/** A code that this side does not know yet is a failure of some kind. */
const codeOf = (member: unknown): ErrorCode => {
  const code = textOf(member, 'code of an error')
  return Object.hasOwn(httpStatus, code) ? (code as ErrorCode) : 'internal'
}

const statusOf = (member: unknown): ConfigurationStatus => {
  if (member === 'ok' || member === 'degraded' || member === 'incomplete') return member
  throw malformed('has no status')
}

const bodyOf = (text: string): Members => {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    // The parser's message quotes the text, which holds values.
    throw malformed('is not JSON')
  }
  if (!isObject(body)) throw malformed('is no object')
  return body
}

/** The path of a tool's configuration. */
export const toolConfigurationTarget = (environment: string, tool: string): string =>
  `/v1/environments/${encodeURIComponent(environment)}/tools/${encodeURIComponent(tool)}/configuration`

/** The path of the configurations of all tools in an environment. */
export const environmentConfigurationTarget = (environment: string): string =>
  `/v1/environments/${encodeURIComponent(environment)}/configuration`

/** A tool's configuration as the service answered it. @throws SecretsError `bad_response` where it is none. */
export const parseToolConfiguration = (text: string): ToolConfiguration => configurationOf(bodyOf(text))

/** The configurations of an environment's tools. @throws as `parseToolConfiguration`. */
export const parseEnvironmentConfiguration = (text: string): readonly ToolConfiguration[] =>
  listOf(bodyOf(text)['tools'], 'tools').map((tool) => {
    if (isObject(tool)) return configurationOf(tool)
    throw malformed('has a tool that is none')
  })

const configurationOf = (body: Members): ToolConfiguration => {
  const { settings, secrets } = body
  if (!isObject(settings)) throw malformed('has no settings')
  if (!isObject(secrets)) throw malformed('has no secrets')
  return Object.freeze({
    tool: textOf(body['tool'], 'tool'),
    environment: textOf(body['environment'], 'environment'),
    status: statusOf(body['status']),
    settings,
    secrets: new Map(Object.entries(secrets).map(([name, member]) => [name, secretOf(member)])),
    missing: listOf(body['missing'], 'missing secrets').map((name) => textOf(name, 'name of a missing secret')),
    errors: listOf(body['errors'], 'errors').map((error) => {
      if (!isObject(error)) throw malformed('has an error that is none')
      return { secret: textOf(error['secret'], 'secret of an error'), code: codeOf(error['code']) }
    }),
  })
}

const encodedSecret = ({ value, versionId, source, ageMs, stale, expiresAtMs }: ConfiguredSecret): object => ({
  ...(value.kind === 'text'
    ? { value: value.reveal() }
    : { value: encodeBase64(value.reveal()), encoding: 'base64' as const }),
  versionId,
  source,
  ageMs,
  stale,
  ...(expiresAtMs === undefined ? {} : { expiresAt: new Date(expiresAtMs).toISOString() }),
})

/** A configuration as it goes over the wire. A value that is bytes is base64 and says so by `encoding`. */
export const encodeToolConfiguration = ({ secrets, ...rest }: ToolConfiguration): string =>
  JSON.stringify({
    ...rest,
    secrets: Object.fromEntries([...secrets].map(([name, secret]) => [name, encodedSecret(secret)])),
  })
