import { SecretsError } from '@keyplane/core'

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  ECONNABORTED: 'reset',
  EPIPE: 'reset',
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  EAI_NODATA: 'dns',
  EHOSTUNREACH: 'no_route',
  ENETUNREACH: 'no_route',
  EADDRNOTAVAIL: 'no_route',
  EPROTO: 'tls',
}

const reasonOf = (code: string): string => {
  if (/^(?:CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_)/.test(code)) return 'tls'
  return reasons[code] ?? 'connection'
}

/** The operating system's or Node's code of a failure; empty where it has none. */
export const failureCode = (thrown: unknown): string =>
  typeof thrown === 'object' && thrown !== null && 'code' in thrown && typeof thrown.code === 'string'
    ? thrown.code
    : ''

/** A failed exchange as a `SecretsError`: silence is `unavailable` or `timeout`, a broken answer `bad_response`. */
export const transportError = (thrown: unknown, origin: string, source: string): SecretsError => {
  const code = failureCode(thrown)
  const options = { source, cause: thrown }
  if (code === 'ERR_INVALID_CHAR' || code === 'ERR_INVALID_HTTP_TOKEN')
    return new SecretsError(
      'source_misconfigured',
      `${origin} was not asked: a header's name or value holds what no header may hold, perhaps a line end (${code}).`,
      { ...options, reason: 'header' },
    )
  if (code.startsWith('HPE_'))
    return new SecretsError('bad_response', `What ${origin} answered is not HTTP (${code}).`, options)
  if (code === 'ETIMEDOUT')
    return new SecretsError('timeout', `${origin} did not take the connection (${code}).`, {
      ...options,
      reason: 'no_answer',
    })
  const reason = reasonOf(code)
  return new SecretsError('unavailable', `No answer from ${origin}: ${reason}${code === '' ? '' : ` (${code})`}.`, {
    ...options,
    reason,
  })
}
