import { type ErrorCode, SecretsError, type SecretsErrorOptions } from '@keyplane/core'
import { networkFailure } from './network-failure.ts'

interface Meaning {
  readonly code: ErrorCode
  readonly reason?: string
}

interface Thrown {
  readonly name?: unknown
  readonly code?: unknown
  readonly statusCode?: unknown
  readonly message?: unknown
  readonly errors?: unknown
}

const text = (member: unknown): string => (typeof member === 'string' ? member : '')

/** Whether a sign-in, or every one of a chain's, had nothing to sign in with. */
const isWithoutCredentials = ({ name, errors }: Thrown): boolean =>
  name === 'CredentialUnavailableError' ||
  (Array.isArray(errors) && errors.length > 0 && errors.every((error: Thrown) => isWithoutCredentials(error)))

/** A failed sign-in. What the SDK says of it quotes whole answers of other servers, and is not passed on. */
const signInFailure = (thrown: Thrown): SecretsError | undefined => {
  if (isWithoutCredentials(thrown))
    return new SecretsError(
      'source_misconfigured',
      'Azure credentials were found nowhere: not in the environment, in a managed identity, or with a tool that is signed in.',
      { source: 'azure', reason: 'no_credentials' },
    )
  const name = text(thrown.name)
  if (!['AuthenticationError', 'AggregateAuthenticationError', 'AuthenticationRequiredError'].includes(name))
    return undefined
  return new SecretsError('unauthenticated', `Azure's sign-in failed (${name}).`, {
    source: 'azure',
    reason: 'sign_in',
  })
}

/** What the SDK throws where no server answered. */
const bySdk = (thrown: unknown, code: string): Meaning => {
  const failure = networkFailure(thrown) ?? (code === 'REQUEST_SEND_ERROR' ? 'unavailable' : undefined)
  return failure ? { code: failure, reason: 'connection' } : { code: 'internal' }
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
  const told: Thrown = thrown instanceof Error ? thrown : {}
  const signIn = signInFailure(told)
  if (signIn) return signIn
  const { statusCode, message } = told
  const code = text(told.code)
  // The SDK quotes the whole body that it could not read, and with it a value.
  if (code === 'PARSE_ERROR')
    return new SecretsError('bad_response', "Key Vault's answer is not JSON.", { source: 'azure' })
  let said = text(message)
  for (const value of hidden) if (value !== '') said = said.replaceAll(value, '[secret]')
  const status = typeof statusCode === 'number' ? statusCode : 0
  const meaning = status === 0 ? bySdk(thrown, code) : byStatus(status, `${code} ${said}`)
  const options: SecretsErrorOptions = {
    source: 'azure',
    ...(meaning.reason === undefined ? {} : { reason: meaning.reason }),
  }
  if (status === 0)
    return new SecretsError(meaning.code, `Azure's SDK failed: ${said || 'it does not say why'}`, options)
  const upstream = { protocol: 'azure-rest', code, status, message: said }
  return new SecretsError(meaning.code, `Azure answered ${code || `HTTP ${status}`}: ${said}`, {
    ...options,
    upstream,
  })
}
