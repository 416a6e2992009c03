import { SecretsError } from '@keyplane/core'
import { hasTable, postgresServer, type Reader } from '@keyplane/database'
import type { StoreDatabase } from './store-database.ts'
import type { StoreTables } from './tables.ts'

/** @throws SecretsError `config_invalid` (`missing`) where a database is there and no store in it. */
export const requireStore = async (
  reader: Reader<StoreTables>,
  { databasePath, databaseUrl }: StoreDatabase,
): Promise<void> => {
  if (await hasTable(reader.query, 'store')) return
  const where = databasePath === undefined ? postgresServer(databaseUrl).label : JSON.stringify(databasePath)
  throw new SecretsError('config_invalid', `There is no store in ${where}.`, { reason: 'missing' })
}
