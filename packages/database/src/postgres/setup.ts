import { Kysely, sql } from 'kysely'
import { postgresDialect } from './dialect.ts'
import { postgresError } from './errors.ts'
import { loadPg } from './load-pg.ts'
import type { PostgresServer } from './server.ts'
import { connect } from './session.ts'

/** "keyplane", as a number: what processes that set up the same database wait for. */
const setupLock = 0x6b_65_79_70

/**
 * Runs an act in one transaction on a connection of its own; another process that does the same waits for its end.
 * @throws SecretsError as `connect`, and what the act throws.
 */
export const settingUpPostgres = async <T>(
  server: PostgresServer,
  act: (transaction: Kysely<unknown>) => Promise<T>,
): Promise<T> => {
  // Says what is wrong with the server before anything is asked of it.
  await (await connect(server)).end()
  const waiting = { ...server.config({ lock_timeout: '0', statement_timeout: '0' }), query_timeout: 0, lock_timeout: 0 }
  const { Pool } = await loadPg()
  const pool = new Pool({ ...waiting, statement_timeout: 0, max: 1 })
  pool.on('error', () => undefined)
  pool.on('connect', (client) => void client.on('error', () => undefined))
  const db = new Kysely<unknown>({ dialect: postgresDialect(async () => pool, server.label) })
  try {
    return await db.transaction().execute(async (transaction) => {
      await sql`select pg_advisory_xact_lock(${setupLock})`.execute(transaction)
      return act(transaction)
    })
  } catch (thrown) {
    throw postgresError(thrown, server.label)
  } finally {
    await db.destroy()
  }
}
