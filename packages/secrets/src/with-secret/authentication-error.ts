/** What drivers and clients put on their errors; all of it optional, and none of it to be trusted. */
interface DriverError {
  readonly code?: unknown
  readonly errno?: unknown
  readonly status?: unknown
  readonly statusCode?: unknown
  readonly message?: unknown
  readonly response?: unknown
  readonly cause?: unknown
  readonly errors?: unknown
}

/** Codes by which a server says that the name or the password is wrong. */
const refusals: ReadonlySet<unknown> = new Set([
  // PostgreSQL: invalid_password, invalid_authorization_specification. See its manual, appendix A.
  '28P01',
  '28000',
  // MySQL and MariaDB: ER_ACCESS_DENIED_ERROR.
  1045,
  'ER_ACCESS_DENIED_ERROR',
  // MongoDB: AuthenticationFailed.
  18,
  // SQL Server, as `tedious` tells it.
  'ELOGIN',
])

/** Redis and Valkey say it by the first word of their message. */
const redisRefusal = /^(?:WRONGPASS|NOAUTH)\b|^ERR invalid (?:username-password pair|password)/

/** Deep enough for an aggregate of wrapped errors; a circle ends here too. */
const maxDepth = 6

const isRefusal = ({ code, errno, status, statusCode, message, response }: DriverError): boolean =>
  refusals.has(code) ||
  refusals.has(errno) ||
  [status, statusCode, (response as DriverError | undefined)?.status].includes(401) ||
  (typeof message === 'string' && redisRefusal.test(message))

/**
 * Whether an error says that a name or password was refused: PostgreSQL 28P01 and 28000, MySQL 1045, MongoDB 18, SQL
 * Server's ELOGIN, Redis's WRONGPASS and NOAUTH, HTTP 401; also as a cause, or as one of several.
 */
export const isAuthenticationError = (thrown: unknown, depth = 0): boolean => {
  if (typeof thrown !== 'object' || thrown === null || depth > maxDepth) return false
  const error = thrown as DriverError
  if (isRefusal(error)) return true
  const several = Array.isArray(error.errors) ? (error.errors as readonly unknown[]) : []
  return [error.cause, ...several].some((inner) => isAuthenticationError(inner, depth + 1))
}
