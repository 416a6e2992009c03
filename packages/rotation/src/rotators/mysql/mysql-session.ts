import { isIP } from 'node:net'
import { SecretsError, untilAborted } from '@keyplane/core'
import type { Connection, ConnectionOptions, RowDataPacket } from 'mysql2'
import type { DatabaseLogin } from '../database-users/database-login.ts'
import { mysqlFailure } from './mysql-failure.ts'

/** How a MariaDB or MySQL is reached. */
export interface MysqlReach {
  /** For a connection, and for each statement. Default 5,000. */
  readonly timeoutMs?: number
  /** PEM of the authorities whose servers are trusted. Default: those of the machine. */
  readonly ca?: string
}

/** Sends one statement, its `?` filled in; gives its rows. */
export type MysqlQuery = (
  sql: string,
  values?: readonly (string | number)[],
) => Promise<readonly Record<string, unknown>[]>

const defaultTimeoutMs = 5_000

/**
 * Runs an act over a connection, which is cut if the signal is aborted; what was sent by then is done.
 * @throws SecretsError `unauthenticated` (`refused_login`) where the server refuses the password, and what else it says.
 */
export const withMysql = async <T>(
  login: DatabaseLogin,
  reach: MysqlReach & { readonly signal: AbortSignal },
  act: (query: MysqlQuery) => Promise<T>,
): Promise<T> => {
  const { createConnection } = await import('mysql2')
  const { signal, timeoutMs = defaultTimeoutMs } = reach
  signal.throwIfAborted()
  const connection = createConnection(optionsFor(login, reach))
  connection.on('error', () => undefined)
  let isLoggedIn = false
  const work = async (): Promise<T> => {
    await connection.promise().connect()
    isLoggedIn = true
    const query = queryOver(connection, timeoutMs + 1_000)
    const seconds = Math.ceil(timeoutMs / 1_000)
    // A process that was stopped in the middle of a change must not keep its locks.
    await query('set session wait_timeout = ?, lock_wait_timeout = ?', [seconds, seconds])
    const result = await act(query)
    await connection.promise().end()
    return result
  }
  try {
    // What mysql2 was asked is never answered over a connection that was cut.
    return await untilAborted(work(), signal)
  } catch (thrown) {
    signal.throwIfAborted()
    throw mysqlFailure(thrown, { at: login, isLoggedIn })
  } finally {
    connection.destroy()
  }
}

/** @throws SecretsError `source_misconfigured` (`unnamed_host`) */
const optionsFor = (
  { host, port, user, password, database, tls }: DatabaseLogin,
  { timeoutMs = defaultTimeoutMs, ca }: MysqlReach,
): ConnectionOptions => {
  // mysql2 would look for `localhost` in the certificate.
  if (tls && isIP(host) > 0)
    throw new SecretsError(
      'source_misconfigured',
      'TLS to a MySQL server needs the name of its host, not an address.',
      {
        reason: 'unnamed_host',
      },
    )
  return {
    host,
    port,
    user,
    password,
    ...(database !== undefined && { database }),
    ...(tls && { ssl: { rejectUnauthorized: true, verifyIdentity: true, ...(ca !== undefined && { ca }) } }),
    connectTimeout: timeoutMs,
    disableEval: true,
  }
}

const queryOver =
  (connection: Connection, timeout: number): MysqlQuery =>
  async (sql, values = []) => {
    const [rows] = await connection.promise().query<RowDataPacket[]>({ sql, values: [...values], timeout })
    return rows
  }
