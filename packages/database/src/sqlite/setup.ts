import type { DatabaseSync } from 'node:sqlite'
import { Kysely } from 'kysely'
import { nodeSqliteDialect } from './dialect.ts'
import { sqliteError } from './errors.ts'

/**
 * Runs an act in one writing transaction on a connection that nothing else uses meanwhile; another process that does the
 * same waits for its end, as long as the connection's busy timeout says.
 * @throws SecretsError as `openSqlite`, and what the act throws.
 */
export const settingUpSqlite = async <T>(
  connection: DatabaseSync,
  path: string,
  act: (transaction: Kysely<unknown>) => Promise<T>,
): Promise<T> => {
  try {
    return await new Kysely<unknown>({ dialect: nodeSqliteDialect(connection, path) }).transaction().execute(act)
  } catch (error) {
    throw sqliteError(error, path)
  }
}
