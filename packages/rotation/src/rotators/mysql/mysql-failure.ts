import { type ErrorCode, SecretsError } from '@keyplane/core'
import type { Address } from '../address.ts'

interface Thrown {
  readonly code?: string
  readonly errno?: number
  readonly message?: string
  /** Only the server gives one. */
  readonly sqlState?: string
}

/** ER_PASSWD_LENGTH, ER_NOT_VALID_PASSWORD, ER_CREDENTIALS_CONTRADICT_TO_HISTORY. */
const refusedPasswords: readonly unknown[] = [1_372, 1_819, 3_638]
/** ER_OPTION_PREVENTS_STATEMENT, ER_CANNOT_USER, ER_PLUGIN_IS_NOT_LOADED. */
const misconfigurations: readonly unknown[] = [1_290, 1_396, 1_524]
/** ER_OPTION_PREVENTS_STATEMENT names the option. */
const prevents = 1_290
/** ER_MUST_CHANGE_PASSWORD, ER_MUST_CHANGE_PASSWORD_LOGIN: the server lets him in for nothing but that, or not at all. */
const expired: readonly unknown[] = [1_820, 1_862]
/** ER_ACCOUNT_HAS_BEEN_LOCKED by MySQL and by MariaDB. */
const locked: readonly unknown[] = [3_118, 4_151]

/** What mysql2 throws holds the statement: none of it is passed on but its codes. */
export const mysqlFailure = (
  thrown: unknown,
  { at, isLoggedIn }: { readonly at: Address; readonly isLoggedIn: boolean },
): SecretsError => {
  if (thrown instanceof SecretsError) return thrown
  const { code = 'no code', errno, sqlState, message = '' } = thrown as Thrown
  const cause = new Error(`MySQL: ${code}`)
  const says = (as: ErrorCode, reason: string, what: string): SecretsError =>
    new SecretsError(as, `The MySQL server at ${at.host}:${at.port} ${what}.`, { reason, cause })
  if (code === 'AUTH_SWITCH_PLUGIN_ERROR')
    return says('source_misconfigured', 'auth_plugin', 'wants another kind of login for this user')
  if (code === 'ETIMEDOUT' || code === 'PROTOCOL_SEQUENCE_TIMEOUT')
    return says('timeout', 'connection_lost', 'does not answer')
  if (sqlState === undefined) return says('unavailable', 'connection_lost', 'cannot be reached, or cut the connection')
  // The same number says later that a statement is not allowed.
  if (errno === 1_045 && !isLoggedIn) return says('unauthenticated', 'refused_login', 'refuses the password')
  if (expired.includes(errno)) return says('unauthenticated', 'refused_login', 'says that the password has expired')
  if (locked.includes(errno)) return says('source_misconfigured', 'locked_account', 'has locked the account')
  if (refusedPasswords.includes(errno)) return says('invalid_request', 'refused_password', 'refuses the new password')
  if (errno === prevents && message.includes('--strict-password-validation'))
    return says('source_misconfigured', 'refused_verifier', 'refuses a password that is sent as a hash')
  if (['28', '42'].includes(sqlState.slice(0, 2)) || misconfigurations.includes(errno))
    return says('source_misconfigured', 'statement_refused', `refuses what it is asked (${code})`)
  return says('unavailable', 'server_refused', `refuses what it is asked (${code})`)
}
