import { type ErrorCode, SecretsError } from '@keyplane/core'
import { networkFailure } from './network-failure.ts'

interface Meaning {
  readonly code: ErrorCode
  readonly reason?: string
}

/** gRPC's statuses by number. @see https://grpc.io/docs/guides/status-codes */
const statuses: readonly (readonly [name: string, meaning: Meaning])[] = [
  ['OK', { code: 'bad_response' }],
  ['CANCELLED', { code: 'unavailable', reason: 'cancelled' }],
  ['UNKNOWN', { code: 'unavailable' }],
  ['INVALID_ARGUMENT', { code: 'invalid_request' }],
  ['DEADLINE_EXCEEDED', { code: 'timeout' }],
  ['NOT_FOUND', { code: 'secret_not_found' }],
  ['ALREADY_EXISTS', { code: 'conflict' }],
  ['PERMISSION_DENIED', { code: 'access_denied' }],
  ['RESOURCE_EXHAUSTED', { code: 'rate_limited' }],
  ['FAILED_PRECONDITION', { code: 'invalid_request' }],
  ['ABORTED', { code: 'conflict' }],
  ['OUT_OF_RANGE', { code: 'invalid_request' }],
  ['UNIMPLEMENTED', { code: 'unsupported' }],
  ['INTERNAL', { code: 'unavailable' }],
  ['UNAVAILABLE', { code: 'unavailable' }],
  ['DATA_LOSS', { code: 'integrity' }],
  ['UNAUTHENTICATED', { code: 'unauthenticated' }],
]

/** V8's words on a text that is no JSON, of which they quote a piece. */
const noJson = /is not valid JSON|in JSON at position|Unexpected end of JSON/

/** What the SDK says without a status of the server's. */
const bySaying = (message: string): Meaning | undefined => {
  if (message.includes('Could not load the default credentials'))
    return { code: 'source_misconfigured', reason: 'no_credentials' }
  if (message.includes('Unable to detect a Project Id')) return { code: 'source_misconfigured', reason: 'no_project' }
  // By itself, or in gRPC's words on what its credentials failed with.
  if (/^(?:.+failed with error: )?(?:invalid_grant|invalid_client|unauthorized_client)\b/.test(message))
    return { code: 'unauthenticated', reason: 'sign_in' }
  return undefined
}

const meaningOf = (status: number, message: string): Meaning => {
  const [name, meaning] = statuses[status] ?? ['', { code: 'internal' }]
  if (name === 'NOT_FOUND' && /Secret Version \[[^\]]*\] not found/i.test(message)) return { code: 'version_not_found' }
  if (name !== 'FAILED_PRECONDITION') return meaning
  // Somebody took the version out of use: that is a refusal; a destroyed one is gone.
  if (/DISABLED state/.test(message)) return { code: 'access_denied', reason: 'version_disabled' }
  if (/DESTROYED state/.test(message)) return { code: 'version_not_found', reason: 'version_destroyed' }
  return meaning
}

/** A failure of the SDK as a `SecretsError`. What Google said is kept, without the texts that must not be told. */
export const gcpError = (thrown: unknown, hidden: readonly string[] = []): SecretsError => {
  if (thrown instanceof SecretsError) return thrown
  const { code: given, message: said } = (thrown instanceof Error ? thrown : {}) as { code?: unknown; message?: string }
  let message = said ?? ''
  if (noJson.test(message)) return new SecretsError('bad_response', "Google's answer is not JSON.", { source: 'gcp' })
  for (const text of hidden) if (text !== '') message = message.replaceAll(text, '[secret]')
  const status = typeof given === 'number' ? given : -1
  const network = status === -1 ? networkFailure(thrown) : undefined
  const { code, reason } = network
    ? { code: network, reason: 'connection' }
    : (bySaying(message) ?? meaningOf(status, message))
  const name = statuses[status]?.[0] ?? ''
  const options = { source: 'gcp', ...(reason === undefined ? {} : { reason }) }
  if (name === '') return new SecretsError(code, `Google's SDK failed: ${message || 'it does not say why'}`, options)
  const upstream = { protocol: 'grpc', code: name, status, message }
  return new SecretsError(code, `Google answered ${name}: ${message}`, { ...options, upstream })
}

/** A client that could not begin: it does nothing then but look for credentials. */
export const gcpSignInError = (thrown: unknown): SecretsError => {
  // The parser quotes a piece of the text, which may be a key.
  if (thrown instanceof SyntaxError || (thrown instanceof Error && noJson.test(thrown.message)))
    return new SecretsError('source_misconfigured', "Google's credentials file is not JSON.", {
      source: 'gcp',
      reason: 'credentials',
    })
  const error = gcpError(thrown)
  if (error.code !== 'internal') return error
  const said = thrown instanceof Error ? thrown.message : ''
  return new SecretsError('source_misconfigured', `Google's SDK could not take its credentials: ${said}`, {
    source: 'gcp',
    reason: 'no_credentials',
  })
}
