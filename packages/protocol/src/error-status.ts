import type { ErrorCode } from '@keyplane/core'

/** The HTTP status that stands for each error code where Keyplane's own APIs answer. */
export const httpStatus: Readonly<Record<ErrorCode, number>> = Object.freeze({
  secret_not_found: 404,
  secret_deleted: 410,
  version_not_found: 404,
  access_denied: 403,
  unauthenticated: 401,
  invalid_request: 400,
  conflict: 409,
  unsupported: 501,
  rate_limited: 429,
  unavailable: 503,
  timeout: 504,
  bad_response: 502,
  integrity: 500,
  source_misconfigured: 500,
  config_invalid: 500,
  closed: 503,
  internal: 500,
} satisfies Record<ErrorCode, number>)
