import { hasTable } from '@keyplane/database'
import { type RootKeySource, verifyRootCheck } from '@keyplane/sealing'
import { isAbsent, openEngine } from '../storage/open-storage.ts'
import type { StoreDatabase } from '../storage/store-database.ts'

/**
 * Proves that a root key is the store's, and changes nothing. Gives `new` where there is no store yet, which any key is
 * right for.
 * @throws SecretsError `source_misconfigured` (`wrong_root_key`, and what the source says), and what the engine says.
 */
export const proveRootKey = async (database: StoreDatabase, source: RootKeySource): Promise<'proved' | 'new'> => {
  if (isAbsent(database)) return 'new'
  const { reader } = openEngine(database)
  try {
    if (!(await hasTable(reader.query, 'store'))) return 'new'
    const store = await reader.query.selectFrom('store').selectAll().executeTakeFirst()
    if (!store) return 'new'
    await verifyRootCheck(await source.open(store.root_key_descriptor), store.id, store.root_key_check)
    return 'proved'
  } finally {
    await reader.close()
  }
}
