import {
  openSqlite,
  type PostgresServer,
  postgresReader,
  postgresServer,
  type Reader,
  settingUpPostgres,
  settingUpSqlite,
  sqliteReader,
} from '@keyplane/database'
import type { Kysely } from 'kysely'
import type { StateTables } from './tables.ts'

/** Where the service keeps its own state: a SQLite file, or a PostgreSQL database that several services share. */
export type StateDatabase =
  | { readonly file: string; readonly url?: undefined }
  /** `postgresql://USER:PASSWORD@HOST:PORT/DATABASE`. */
  | { readonly file?: undefined; readonly url: string }

/** A caller waits for it: what takes longer is answered as a failure. */
const timeouts = { connectMs: 2_000, statementMs: 3_000, lockMs: 2_000 }

/** A PostgreSQL database by its URL, as messages and the server may call it. @throws SecretsError `config_invalid`. */
export const stateServer = (url: string): PostgresServer => postgresServer(url, timeouts)

/** A reader of a state that others may be writing. @throws SecretsError as `openSqlite`. */
export const stateReader = ({ file, url }: StateDatabase): Reader<StateTables> =>
  file === undefined
    ? postgresReader<StateTables>(stateServer(url))
    : sqliteReader<StateTables>(openSqlite({ path: file, mode: 'read', check: 'header' }), file)

/** One writing transaction; no other process is in one of these meanwhile. */
export const settingUpState = async <T>(
  { file, url }: StateDatabase,
  act: (db: Kysely<unknown>) => Promise<T>,
): Promise<T> => {
  // Who waits here waits for another service's migration.
  if (file === undefined) return settingUpPostgres(postgresServer(url), act)
  const connection = openSqlite({ path: file, mode: 'write', check: 'quick' })
  try {
    return await settingUpSqlite(connection, file, act)
  } finally {
    connection.close()
  }
}

/** The database in words, without a login. @throws SecretsError `config_invalid` */
export const stateName = ({ file, url }: StateDatabase): string =>
  file === undefined ? `PostgreSQL ${stateServer(url).label}` : file
