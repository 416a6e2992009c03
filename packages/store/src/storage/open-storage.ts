import { newChain } from '@keyplane/audit'
import { type Random, uuid } from '@keyplane/core'
import { migrate, openSqlite, type Reader, refuseNewerSchema, sqliteReader } from '@keyplane/database'
import { makeRootCheck, type RootKey, type RootKeySource } from '@keyplane/sealing'
import { type Kysely, sql } from 'kysely'
import { auditKeyOf, brokenSeal, type SealColumns, sealColumns } from './audit-head.ts'
import { storeMigrations } from './migrations.ts'
import type { AuditChainRow, StoreRow, StoreTables } from './tables.ts'

export interface StorageOptions {
  readonly databasePath: string
  readonly rootKey: RootKeySource
  readonly nowMs: number
  readonly random: Random
}

export interface Storage {
  readonly reader: Reader<StoreTables>
  readonly rootKey: RootKey
  /** What the writer seals the end of the audit log with. */
  readonly auditKey: Uint8Array
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
    await refuseNewerSchema(db, storeMigrations(unsealed))
    const found = await readStore(reader)
    const key = await rootKey.open(found?.root_key_descriptor)
    const store = found ?? (await newStore({ source: rootKey.name, key, nowMs, random }))
    // Fails for another root key than the store was made with.
    const auditKey = await auditKeyOf(key, store)
    await migrate(
      db,
      storeMigrations((head) => sealColumns(head, auditKey)),
    )
    if (!found) await registerStore(reader, store, sealedChain(uuid(random), nowMs, auditKey))
    // From here on the writer's thread is the only one that writes.
    connection.exec('pragma query_only = on')
    return { reader, rootKey: key, auditKey }
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

const newStore = async ({ source, key, nowMs, random }: Registration): Promise<StoreRow> => {
  const id = uuid(random)
  return {
    id,
    created_at_ms: nowMs,
    root_key_source: source,
    root_key_descriptor: key.descriptor,
    root_key_check: await makeRootCheck(key, id, random),
  }
}

const sealedChain = (id: string, registered_at_ms: number, auditKey: Uint8Array): AuditChainRow => {
  const head = newChain(id)
  const { chainId: chain_id, seq, records, hash } = head
  return { chain_id, registered_at_ms, seq, records, hash, ...sealColumns(head, auditKey) }
}

const registerStore = ({ query }: Reader<StoreTables>, store: StoreRow, chain: AuditChainRow): Promise<void> =>
  query.transaction().execute(async (transaction) => {
    await transaction.insertInto('store').values(store).execute()
    await transaction.insertInto('audit_chains').values(chain).execute()
  })

/** For where only the names of the migrations matter. */
const unsealed = (): SealColumns => brokenSeal
