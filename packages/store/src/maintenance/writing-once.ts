import { openSqlite, postgresServer, settingUpPostgres, settingUpSqlite } from '@keyplane/database'
import type { Kysely } from 'kysely'
import type { StoreDatabase } from '../storage/store-database.ts'

/** Runs an act in one writing transaction on a database that is there; processes that run a store go on meanwhile. */
export const writingOnce = async (
  database: StoreDatabase,
  act: (db: Kysely<unknown>) => Promise<void>,
): Promise<void> => {
  const { databasePath: path } = database
  if (path === undefined) return settingUpPostgres(postgresServer(database.databaseUrl, database.timeouts), act)
  // Only its head is looked at: all of it is about to be read.
  const connection = openSqlite({ path, mode: 'write', check: 'header' })
  try {
    await settingUpSqlite(connection, path, act)
  } finally {
    connection.close()
  }
}
