import type { ErrorCode, SecretsError, SecretVersion } from '@keyplane/core'
import { type AgentResponse, json } from '../../http/messages.ts'

/** In Vault's words: an absence has no text, and what is wrong inside is not told. */
const errors: Readonly<Record<ErrorCode, { readonly status: number; readonly text?: string | false }>> = {
  secret_not_found: { status: 404, text: false },
  secret_deleted: { status: 404, text: false },
  version_not_found: { status: 404, text: false },
  access_denied: { status: 403, text: 'permission denied' },
  // The agent's own credentials, not the caller's: 403 would have the caller log in again.
  unauthenticated: { status: 500 },
  invalid_request: { status: 400 },
  conflict: { status: 400 },
  unsupported: { status: 400 },
  rate_limited: { status: 429 },
  unavailable: { status: 503 },
  timeout: { status: 504 },
  bad_response: { status: 502 },
  integrity: { status: 500, text: 'internal error' },
  source_misconfigured: { status: 500, text: 'internal error' },
  config_invalid: { status: 500, text: 'internal error' },
  closed: { status: 503 },
  internal: { status: 500, text: 'internal error' },
}

/** Vault's form of an error. */
export const vaultErrors = (status: number, ...texts: readonly string[]): AgentResponse =>
  json(status, JSON.stringify({ errors: texts }))

export const vaultError = ({ code, message }: SecretsError): AgentResponse => {
  const { status, text = message } = errors[code]
  return text === false ? vaultErrors(status) : vaultErrors(status, text)
}

/** An answer around its data, which is JSON already. */
export const vaultAnswer = (requestId: string, data: string): AgentResponse =>
  json(
    200,
    `{"request_id":${JSON.stringify(requestId)},"lease_id":"","renewable":false,"lease_duration":0,"data":${data},` +
      '"wrap_info":null,"warnings":null,"auth":null}',
  )

/** A whole number that a source counts its versions by. */
const counted = /^[1-9]\d{0,15}$/

/** Whether the source itself counts its versions, so that one can be asked for by its number. */
export const isCounted = ({ version = '' }: SecretVersion): boolean => counted.test(version)

/**
 * A version's number: the source's own; where it has none, the second in which the version was made, which grows with
 * each version as KV's numbers do; 1 where that is not known.
 */
export const numberOfVersion = (version: SecretVersion): number => {
  if (isCounted(version)) return Number(version.version)
  return version.createdAtMs === undefined ? 1 : Math.max(1, Math.floor(version.createdAtMs / 1_000))
}

const isObject = (text: string): boolean => {
  try {
    const document: unknown = JSON.parse(text)
    return typeof document === 'object' && document !== null && !Array.isArray(document)
  } catch {
    return false
  }
}

/** The fields of a value, as Keyplane's own reader of KV takes them: a JSON object's, as written; else one field. */
const fieldsOf = ({ value }: SecretVersion): string => {
  if (value.kind === 'bytes') return JSON.stringify({ value_base64: Buffer.from(value.reveal()).toString('base64') })
  const text = value.reveal()
  // Not written anew: numbers keep all their digits.
  return isObject(text) ? text : JSON.stringify({ value: text })
}

/** Go's zero, which its clients take for "not known". */
const noTime = '0001-01-01T00:00:00Z'

/** A version as KV 2 gives it. */
export const kvData = (version: SecretVersion): string => {
  const { createdAtMs } = version
  const metadata = {
    created_time: createdAtMs === undefined ? noTime : new Date(createdAtMs).toISOString(),
    custom_metadata: null,
    deletion_time: '',
    destroyed: false,
    version: numberOfVersion(version),
  }
  return `{"data":${fieldsOf(version)},"metadata":${JSON.stringify(metadata)}}`
}
