import type { ErrorCode, SecretsError } from '@keyplane/core'

/**
 * What a failure does to what is cached: `evict` (the source says there is no such thing), `suspend` (it refused: kept,
 * not served), `serve_stale` (it failed in a passing way) or `pass_on` (it says nothing about the secret).
 */
export type FailureEffect = 'evict' | 'suspend' | 'serve_stale' | 'pass_on'

/** The effect of each error code. Total: a new code does not compile until it has one. */
const effects: Readonly<Record<ErrorCode, FailureEffect>> = {
  secret_not_found: 'evict',
  secret_deleted: 'evict',
  version_not_found: 'evict',
  access_denied: 'suspend',
  unauthenticated: 'suspend',
  rate_limited: 'serve_stale',
  unavailable: 'serve_stale',
  timeout: 'serve_stale',
  bad_response: 'serve_stale',
  source_misconfigured: 'serve_stale',
  integrity: 'pass_on',
  invalid_request: 'pass_on',
  conflict: 'pass_on',
  unsupported: 'pass_on',
  config_invalid: 'pass_on',
  closed: 'pass_on',
  internal: 'pass_on',
}

/** Reasons of a refused login that pass: an expired token is renewed, and a lockout is often another process's doing. */
const passing: readonly (string | undefined)[] = ['expired_token', 'locked_out']

/** AWS's words for a request whose time is not AWS's: they are about this machine's clock, and about no permission. */
const isClockSkew = ({ upstream }: SecretsError): boolean =>
  /^Signature (?:expired|not yet current)\b/.test(upstream?.message ?? '')

/** Credentials that the source does not know were taken back; what passes is covered. */
export const onFailure = (error: SecretsError): FailureEffect => {
  const { code, reason } = error
  const passes = code === 'unauthenticated' && (passing.includes(reason) || isClockSkew(error))
  return passes ? 'serve_stale' : effects[code]
}
