import type { ErrorCode, SecretsError } from '@keyplane/core'

/** Whether the same question may get another answer in a moment. A hang is not asked again: it cost its time once. */
const retryableCodes: Readonly<Record<ErrorCode, boolean>> = {
  rate_limited: true,
  unavailable: true,
  timeout: false,
  bad_response: false,
  secret_not_found: false,
  secret_deleted: false,
  version_not_found: false,
  access_denied: false,
  unauthenticated: false,
  invalid_request: false,
  conflict: false,
  unsupported: false,
  integrity: false,
  source_misconfigured: false,
  config_invalid: false,
  closed: false,
  internal: false,
}

/** An open breaker answers at once that it will not ask; asking it again is no use. */
export const isRetryable = ({ code, reason }: SecretsError): boolean =>
  retryableCodes[code] && reason !== 'breaker_open'
