import { newChain } from '@keyplane/audit'
import type { Random } from '@keyplane/core'
import { migrate, openSqlite, type Reader, refuseNewerSchema, sqliteReader } from '@keyplane/database'
import { makeRootCheck, type RootKey, type RootKeySource, verifyRootCheck } from '@keyplane/sealing'
import { type Kysely, sql } from 'kysely'
import { uuid } from '../request-id.ts'
import { storeMigrations } from './migrations.ts'
import type { StoreRow, StoreTables } from './tables.ts'

export interface StorageOptions {
  readonly databasePath: string
  readonly rootKey: RootKeySource
  readonly nowMs: number
  readonly random: Random
}

export interface Storage {
  readonly reader: Reader<StoreTables>
  readonly rootKey: RootKey
}

/**
 * Opens a store's database, or makes it. An existing one is not touched before its root key has proved right.
 * @throws SecretsError `source_misconfigured` (`wrong_root_key` and what `openSqlite` says), `integrity`, `unsupported`.
 */
export const openStorage = async ({ databasePath, rootKey, nowMs, random }: StorageOptions): Promise<Storage> => {
  const connection = openSqlite({ path: databasePath, mode: 'write', check: 'quick' })
  const reader = sqliteReader<StoreTables>(connection, databasePath)
  try {
    const db = reader.query as unknown as Kysely<unknown>
    await refuseNewerSchema(db, storeMigrations)
    const store = await readStore(reader)
    const key = await rootKey.open(store?.root_key_descriptor)
    if (store) await verifyRootCheck(key, store.id, store.root_key_check)
    await migrate(db, storeMigrations)
    if (!store) await registerStore(reader, { source: rootKey.name, key, nowMs, random })
    // From here on the writer's thread is the only one that writes.
    connection.exec('pragma query_only = on')
    return { reader, rootKey: key }
  } catch (error) {
    await reader.close()
    throw error
  }
}

const readStore = async ({ query }: Reader<StoreTables>): Promise<StoreRow | undefined> => {
  const tables = await sql`select 1 from sqlite_schema where name = 'store'`.execute(query)
  return tables.rows.length === 0 ? undefined : query.selectFrom('store').selectAll().executeTakeFirst()
}

interface Registration {
  readonly source: string
  readonly key: RootKey
  readonly nowMs: number
  readonly random: Random
}

const registerStore = async (
  { query }: Reader<StoreTables>,
  { source, key, nowMs, random }: Registration,
): Promise<void> => {
  const [id, chain] = [uuid(random), newChain(uuid(random))]
  const row: StoreRow = {
    id,
    created_at_ms: nowMs,
    root_key_source: source,
    root_key_descriptor: key.descriptor,
    root_key_check: await makeRootCheck(key, id, random),
  }
  const { chainId: chain_id, seq, records, hash } = chain
  await query.transaction().execute(async (transaction) => {
    await transaction.insertInto('store').values(row).execute()
    await transaction
      .insertInto('audit_chains')
      .values({ chain_id, registered_at_ms: nowMs, seq, records, hash })
      .execute()
  })
}
