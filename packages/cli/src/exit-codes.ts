import type { ErrorCode } from '@keyplane/core'

/** What a command's exit code means; never renumbered. `run` passes on its child's, and 128 + N for signal N. */
export const exitCodes = {
  ok: 0,
  error: 1,
  /** `plan`: there is something to do. */
  changes: 2,
  refused: 3,
  absent: 4,
  unreachable: 5,
  broken: 6,
  usage: 64,
  config: 78,
  notExecutable: 126,
  noSuchCommand: 127,
} as const

/** The exit code of each failure: refused, absent, unreachable and broken are told apart by a script too. */
export const exitCodeOf: Readonly<Record<ErrorCode, number>> = {
  secret_not_found: exitCodes.absent,
  secret_deleted: exitCodes.absent,
  version_not_found: exitCodes.absent,
  access_denied: exitCodes.refused,
  unauthenticated: exitCodes.refused,
  invalid_request: exitCodes.error,
  conflict: exitCodes.error,
  unsupported: exitCodes.error,
  rate_limited: exitCodes.unreachable,
  unavailable: exitCodes.unreachable,
  timeout: exitCodes.unreachable,
  bad_response: exitCodes.broken,
  integrity: exitCodes.broken,
  source_misconfigured: exitCodes.config,
  config_invalid: exitCodes.config,
  closed: exitCodes.error,
  internal: exitCodes.error,
}
