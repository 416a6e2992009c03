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

/** The address alone, of what may hold more. */
export const databaseOf = (holder: StoreDatabase): StoreDatabase => {
  if (holder.databasePath !== undefined) return { databasePath: holder.databasePath }
  const { databaseUrl, timeouts } = holder
  return { databaseUrl, ...(timeouts && { timeouts }) }
}

/** A reader of a store's data, which others may be writing. `maxConnections` counts those to PostgreSQL; default 2. */
export const readerOf = (database: StoreDatabase, maxConnections = 2): Reader<StoreTables> => {
  const { databasePath: path } = database
  if (path === undefined)
    return postgresReader<StoreTables>(postgresServer(database.databaseUrl, database.timeouts), { maxConnections })
  return sqliteReader<StoreTables>(openSqlite({ path, mode: 'read', check: 'header' }), path)
}
