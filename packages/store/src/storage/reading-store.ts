import type { Reader } from '@keyplane/database'
import { requireStore } from './require-store.ts'
import { readerOf, type StoreDatabase } from './store-database.ts'
import type { StoreTables } from './tables.ts'

/**
 * Opens a store's database for one look at it. Another process may be writing it.
 * @throws SecretsError `config_invalid` where there is no store, and what the engine says.
 */
export const readingStore = async <T>(
  database: StoreDatabase,
  act: (reader: Reader<StoreTables>) => Promise<T>,
): Promise<T> => {
  const reader = readerOf(database)
  try {
    await requireStore(reader, database)
    return await act(reader)
  } finally {
    await reader.close()
  }
}
