import {
  openSqlite,
  type PostgresTimeouts,
  postgresReader,
  postgresServer,
  type Reader,
  sqliteReader,
} from '@keyplane/database'
import type { StoreTables } from './tables.ts'

/** Where a store keeps its data: a SQLite file, or a PostgreSQL database that several stores may share. */
export type StoreDatabase =
  | { readonly databasePath: string; readonly databaseUrl?: undefined }
  | {
      readonly databasePath?: undefined
      /** `postgresql://USER:PASSWORD@HOST:PORT/DATABASE`. It holds a password: take it from a file or the environment. */
      readonly databaseUrl: string
      readonly timeouts?: PostgresTimeouts
    }

/** A reader for one look at a store's data, which another process may be writing. */
export const readerOf = (database: StoreDatabase): Reader<StoreTables> => {
  const { databasePath: path } = database
  if (path === undefined)
    return postgresReader<StoreTables>(postgresServer(database.databaseUrl, database.timeouts), { maxConnections: 2 })
  return sqliteReader<StoreTables>(openSqlite({ path, mode: 'read', check: 'header' }), path)
}
