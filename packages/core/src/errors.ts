/**
 * Every way in which asking for a secret can fail. Absent, denied, unreachable and broken are four different
 * answers: a failure is never reported as an absence.
 */
export type ErrorCode =
  | 'secret_not_found'
  | 'secret_deleted'
  | 'version_not_found'
  | 'access_denied'
  | 'unauthenticated'
  | 'invalid_request'
  | 'conflict'
  | 'unsupported'
  | 'rate_limited'
  | 'unavailable'
  | 'timeout'
  | 'bad_response'
  | 'integrity'
  | 'source_misconfigured'
  | 'config_invalid'
  | 'closed'
  | 'internal'

/** What a backend itself said, kept word for word. */
export interface Upstream {
  readonly protocol: string
  readonly code: string
  readonly status: number
  readonly message: string
}

export interface SecretsErrorOptions {
  readonly cause?: unknown
  /** The provider that failed, by its registry name. */
  readonly source?: string
  /** Finer than the code, for people and metrics: `sealed`, `locked_out`, `no_route`, `expired_token`. */
  readonly reason?: string
  readonly retryAfterMs?: number
  readonly upstream?: Upstream
}

/** The one error that Keyplane throws. Tell failures apart by `code`; the message never holds a value. */
export class SecretsError extends Error {
  override readonly name = 'SecretsError'
  readonly code: ErrorCode
  // Declared only: a field that is not there is not shown where the error is printed.
  declare readonly source?: string
  declare readonly reason?: string
  declare readonly retryAfterMs?: number
  declare readonly upstream?: Upstream

  constructor(code: ErrorCode, message: string, options: SecretsErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    if (options.source !== undefined) this.source = options.source
    if (options.reason !== undefined) this.reason = options.reason
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs
    if (options.upstream !== undefined) this.upstream = options.upstream
  }
}

/** Any thrown thing as a `SecretsError`; what is not one already becomes `internal`, with the original as its cause. */
export const toSecretsError = (thrown: unknown): SecretsError =>
  thrown instanceof SecretsError
    ? thrown
    : new SecretsError('internal', 'An unexpected error; see its cause.', { cause: thrown })

/** A result that says no without throwing. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: SecretsError }
