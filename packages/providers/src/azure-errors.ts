import { type ErrorCode, SecretsError, type SecretsErrorOptions } from '@keyplane/core'

interface Meaning {
  readonly code: ErrorCode
  readonly reason?: string
}

interface Thrown {
  readonly name?: unknown
  readonly code?: unknown
  readonly statusCode?: unknown
  readonly message?: unknown
}

const text = (member: unknown): string => (typeof member === 'string' ? member : '')

/** What the SDKs throw where no server answered the question itself. */
const bySdk = (name: string, code: string): Meaning | undefined => {
  if (name === 'CredentialUnavailableError') return { code: 'source_misconfigured', reason: 'no_credentials' }
  if (
    name === 'AuthenticationRequiredError' ||
    name === 'AuthenticationError' ||
    name === 'AggregateAuthenticationError'
  )
    return { code: 'unauthenticated', reason: 'sign_in' }
  if (code === 'REQUEST_SEND_ERROR' || /^E[A-Z_]+$/.test(code)) return { code: 'unavailable', reason: 'connection' }
  return undefined
}

const byStatus = (status: number, said: string): Meaning => {
  if (status === 401) return { code: 'unauthenticated' }
  if (status === 403)
    // Somebody took the version out of use: a refusal, no absence.
    return /disabled secret|SecretDisabled/i.test(said)
      ? { code: 'access_denied', reason: 'version_disabled' }
      : { code: 'access_denied' }
  if (status === 404) return /SecretNotFound/i.test(said) ? { code: 'secret_not_found' } : { code: 'bad_response' }
  if (status === 409)
    return /ObjectIsDeletedButRecoverable|ObjectIsBeingDeleted/.test(said)
      ? { code: 'secret_deleted' }
      : { code: 'conflict' }
  if (status === 408 || status === 504) return { code: 'timeout' }
  if (status === 429) return { code: 'rate_limited' }
  return { code: status >= 500 ? 'unavailable' : 'invalid_request' }
}

/** A failure of Azure's SDK as a `SecretsError`, without the texts that must not be told. */
export const azureError = (thrown: unknown, hidden: readonly string[] = []): SecretsError => {
  if (thrown instanceof SecretsError) return thrown
  const { name, code, statusCode, message } = (thrown instanceof Error ? thrown : {}) as Thrown
  // The SDK quotes the whole body that it could not read, and with it a value.
  if (code === 'PARSE_ERROR')
    return new SecretsError('bad_response', "Key Vault's answer is not JSON.", { source: 'azure' })
  let said = text(message)
  for (const value of hidden) if (value !== '') said = said.replaceAll(value, '[secret]')
  const status = typeof statusCode === 'number' ? statusCode : 0
  const sdk = status === 0 || text(name).startsWith('A') ? bySdk(text(name), text(code)) : undefined
  const meaning = sdk ?? (status === 0 ? { code: 'internal' as const } : byStatus(status, `${text(code)} ${said}`))
  const options: SecretsErrorOptions = {
    source: 'azure',
    ...(meaning.reason === undefined ? {} : { reason: meaning.reason }),
  }
  if (status === 0)
    return new SecretsError(meaning.code, `Azure's SDK failed: ${said || 'it does not say why'}`, options)
  const upstream = { protocol: 'azure-rest', code: text(code), status, message: said }
  return new SecretsError(meaning.code, `Azure answered ${text(code) || `HTTP ${status}`}: ${said}`, {
    ...options,
    upstream,
  })
}
