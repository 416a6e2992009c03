import type { ErrorCode } from '@keyplane/core'

/** The answers that are never confused: there is none, not for you, nobody answers, it makes no sense, it can't be asked. */
export type FailureKind = 'absent' | 'denied' | 'unreachable' | 'broken' | 'unusable'

/** The kind of each failure, in logs, metrics and `explain`. Total: a new code does not compile until it has one. */
export const failureKind: Readonly<Record<ErrorCode, FailureKind>> = {
  secret_not_found: 'absent',
  secret_deleted: 'absent',
  version_not_found: 'absent',
  access_denied: 'denied',
  unauthenticated: 'denied',
  rate_limited: 'unreachable',
  unavailable: 'unreachable',
  timeout: 'unreachable',
  bad_response: 'broken',
  integrity: 'broken',
  internal: 'broken',
  source_misconfigured: 'unusable',
  config_invalid: 'unusable',
  invalid_request: 'unusable',
  conflict: 'unusable',
  unsupported: 'unusable',
  closed: 'unusable',
}
