import { existsSync } from 'node:fs'
import { hasTable } from '@keyplane/database'
import { openEngine } from '../storage/open-storage.ts'
import type { StoreDatabase } from '../storage/store-database.ts'
import type { StoreRow } from '../storage/tables.ts'

/** Where a store's root key comes from, as the store wrote it down. */
export interface StoreRootKey {
  /** The source's name: `file`, `passphrase`, `aws-kms`. */
  readonly source: string
  /** What the source finds the key again by: an ARN, a name; empty where it needs nothing. */
  readonly descriptor: string
  /** The source with the key that has to be named to it: `passphrase`, `aws-kms:ARN`. */
  readonly name: string
}

/** Sources of a key that a service keeps: it has to be named. */
const services: readonly string[] = ['aws-kms', 'openbao']

/** What a store's row says of its root key. */
export const storeRootKey = ({
  root_key_source: source,
  root_key_descriptor: descriptor,
}: Pick<StoreRow, 'root_key_source' | 'root_key_descriptor'>): StoreRootKey => ({
  source,
  descriptor,
  name: services.includes(source) ? `${source}:${descriptor}` : source,
})

/** Where a store's root key comes from, asked without the key; nothing where there is no store yet. Makes nothing. */
export const rootKeySourceOf = async (database: StoreDatabase): Promise<StoreRootKey | undefined> => {
  // An engine that is opened for writing would make the file.
  if (database.databasePath !== undefined && !existsSync(database.databasePath)) return undefined
  const { reader } = openEngine(database)
  try {
    if (!(await hasTable(reader.query, 'store'))) return undefined
    const store = await reader.query
      .selectFrom('store')
      .select(['root_key_source', 'root_key_descriptor'])
      .executeTakeFirst()
    return store && storeRootKey(store)
  } finally {
    await reader.close()
  }
}
