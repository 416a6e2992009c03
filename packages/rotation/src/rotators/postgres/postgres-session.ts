import { SecretsError } from '@keyplane/core'
import type { Client } from 'pg'
import type { Address } from '../address.ts'
import type { DatabaseLogin } from '../database-users/database-login.ts'

/** How a PostgreSQL is reached. */
export interface PostgresReach {
  /** For a connection, and for each statement. Default 5,000. */
  readonly timeoutMs?: number
  /** PEM of the authorities whose servers are trusted. Default: those of the machine. */
  readonly ca?: string
}

/**
 * Runs an act over a connection, which is cut if the signal is aborted: the server then rolls back what was not committed.
 * @throws SecretsError `unauthenticated` (`refused_login`) where the server refuses the password, and what else it says.
 */
export const withPostgres = async <T>(
  login: DatabaseLogin,
  reach: PostgresReach & { readonly signal: AbortSignal },
  act: (client: Client) => Promise<T>,
): Promise<T> => {
  const { default: pg } = await import('pg')
  const { host, port, database = 'postgres', user, password, tls } = login
  const { timeoutMs = 5_000, ca, signal } = reach
  signal.throwIfAborted()
  const client = new pg.Client({
    host,
    port,
    database,
    user,
    password,
    ssl: tls && { rejectUnauthorized: true, ...(ca !== undefined && { ca }) },
    application_name: 'keyplane-rotation',
    connectionTimeoutMillis: timeoutMs,
    statement_timeout: timeoutMs,
    query_timeout: timeoutMs + 1_000,
    lock_timeout: timeoutMs,
    // A process that was stopped in the middle of a change must not keep its locks.
    idle_in_transaction_session_timeout: timeoutMs,
  })
  client.on('error', () => undefined)
  const cut = (): void => void client.connection.stream.destroy()
  signal.addEventListener('abort', cut, { once: true })
  try {
    await client.connect()
    const result = await act(client)
    await client.end()
    return result
  } catch (thrown) {
    cut()
    throw postgresFailure(thrown, login)
  } finally {
    signal.removeEventListener('abort', cut)
  }
}

interface Thrown {
  /** A SQLSTATE where the server said it, else a name of Node.js. */
  readonly code?: string
  readonly message?: string
  /** Only the server gives one. */
  readonly severity?: string
}

/** What pg throws may hold statements and settings: none of it is passed on but its code. */
const postgresFailure = (thrown: unknown, { host, port }: Address): SecretsError => {
  if (thrown instanceof SecretsError) return thrown
  const { code = 'no code', message = '', severity } = thrown as Thrown
  const cause = new Error(`PostgreSQL: ${code}`)
  const at = `The PostgreSQL server at ${host}:${port}`
  if (severity === undefined) {
    const isHung = code === 'ETIMEDOUT' || /timeout/i.test(message)
    const says = isHung ? 'does not answer' : 'cannot be reached, or cut the connection'
    return new SecretsError(isHung ? 'timeout' : 'unavailable', `${at} ${says}.`, { reason: 'connection_lost', cause })
  }
  if (code === '28P01')
    return new SecretsError('unauthenticated', `${at} refuses the password.`, { reason: 'refused_login', cause })
  const isOurs = ['28', '3D', '42'].includes(code.slice(0, 2))
  return new SecretsError(
    isOurs ? 'source_misconfigured' : 'unavailable',
    `${at} refuses what it is asked (SQLSTATE ${code}).`,
    { reason: isOurs ? 'statement_refused' : 'server_refused', cause },
  )
}
