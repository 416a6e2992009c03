import { type ErrorCode, SecretsError } from '@keyplane/core'
import type { Address } from '../address.ts'

interface Thrown {
  readonly name?: string
  /** A number where the server gave it. */
  readonly code?: unknown
}

/** @see https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml */
const codes = {
  authenticationFailed: 18,
  /** BadValue, UserNotFound, Unauthorized, RoleNotFound, CommandNotFound. */
  misconfigurations: [2, 11, 13, 31, 59] as readonly unknown[],
  /** MaxTimeMSExpired, WriteConcernFailed (its time was over), ExceededTimeLimit. */
  timeouts: [50, 64, 262] as readonly unknown[],
}

/** What the driver throws may hold the command: none of it is passed on but its code. */
export const mongodbFailure = (thrown: unknown, { host, port }: Address): SecretsError => {
  if (thrown instanceof SecretsError) return thrown
  const { name = '', code } = thrown as Thrown
  const cause = new Error(`MongoDB: ${typeof code === 'number' ? code : 'no code'}`)
  const says = (as: ErrorCode, reason: string, what: string): SecretsError =>
    new SecretsError(as, `The MongoDB server at ${host}:${port} ${what}.`, { reason, cause })
  if (code === codes.authenticationFailed) return says('unauthenticated', 'refused_login', 'refuses the password')
  if (name === 'MongoNetworkTimeoutError' || codes.timeouts.includes(code))
    return says('timeout', 'connection_lost', 'does not answer in time')
  if (typeof code !== 'number')
    return says('unavailable', 'connection_lost', 'cannot be reached, or cut the connection')
  if (codes.misconfigurations.includes(code))
    return says('source_misconfigured', 'statement_refused', `refuses what it is asked (code ${code})`)
  return says('unavailable', 'server_refused', `refuses what it is asked (code ${code})`)
}
