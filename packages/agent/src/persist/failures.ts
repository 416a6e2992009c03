import type { ErrorCode, SecretsError } from '@keyplane/core'

const passing: ReadonlySet<ErrorCode> = new Set([
  'unavailable',
  'timeout',
  'rate_limited',
  'bad_response',
  'source_misconfigured',
])

const ending: ReadonlySet<ErrorCode> = new Set([
  'secret_not_found',
  'secret_deleted',
  'version_not_found',
  'access_denied',
  'unauthenticated',
])

/** Whether a failure says nothing about the secret. */
export const passes = ({ code, reason, upstream }: SecretsError): boolean =>
  passing.has(code) ||
  (code === 'unauthenticated' &&
    (reason === 'expired_token' || /^Signature (?:expired|not yet current)\b/.test(upstream?.message ?? '')))

/** Whether nothing that is kept may be given after a failure. */
export const ends = (error: SecretsError): boolean => ending.has(error.code) && !passes(error)
