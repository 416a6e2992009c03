import { existsSync } from 'node:fs'
import { type Random, uuid } from '@keyplane/core'
import {
  brokenSeal,
  hasTable,
  migrate,
  openSqlite,
  postgresReader,
  postgresServer,
  type Reader,
  refuseNewerSchema,
  type SealColumns,
  sealColumns,
  sealedChain,
  settingUpPostgres,
  settingUpSqlite,
  sqliteReader,
} from '@keyplane/database'
import { makeRootCheck, type RootKey, type RootKeySource } from '@keyplane/sealing'
import type { Kysely } from 'kysely'
import { auditKeyOf } from './audit-key.ts'
import { storeMigrations } from './migrations.ts'
import type { StoreDatabase } from './store-database.ts'
import type { StoreRow, StoreTables } from './tables.ts'

export interface StorageParts {
  readonly rootKey: RootKeySource
  readonly nowMs: number
  readonly random: Random
}

export interface Storage {
  readonly reader: Reader<StoreTables>
  readonly store: StoreRow
  readonly rootKey: RootKey
  /** What the writer seals the end of the audit log with. */
  readonly auditKey: Uint8Array
}

/**
 * Opens a store's database, or makes it. An existing one is not touched before its root key has proved right; processes
 * that do so at once take turns.
 * @throws SecretsError `source_misconfigured` (`wrong_root_key` and what the engine says), `integrity`, `unsupported`.
 */
export const openStorage = async (database: StoreDatabase, parts: StorageParts): Promise<Storage> => {
  // Before there is a file: a key that is not had leaves nothing.
  const made = isAbsent(database) ? await parts.rootKey.open(undefined) : undefined
  const engine = openEngine(database)
  try {
    const proved = await provedStore(engine, parts, made)
    engine.onlyRead()
    return { reader: engine.reader, ...proved }
  } catch (error) {
    await engine.reader.close()
    throw error
  }
}

/** Whether a store would begin with making its file. */
export const isAbsent = ({ databasePath }: StoreDatabase): boolean =>
  databasePath !== undefined && !existsSync(databasePath)

/** A store's database with what prepares it. */
export interface StoreEngine {
  readonly reader: Reader<StoreTables>
  /** One writing transaction; no other process is in one of these meanwhile. */
  readonly settingUp: <T>(act: (db: Kysely<unknown>) => Promise<T>) => Promise<T>
  /** From here on nothing is written through it: a reader of PostgreSQL cannot anyway. */
  readonly onlyRead: () => void
}

/** Opens an engine for writing; nothing is changed yet. */
export const openEngine = (database: StoreDatabase): StoreEngine => {
  const { databasePath: path } = database
  if (path === undefined) {
    const server = postgresServer(database.databaseUrl, database.timeouts)
    return {
      reader: postgresReader(server),
      settingUp: (act) => settingUpPostgres(server, act),
      onlyRead: () => undefined,
    }
  }
  const connection = openSqlite({ path, mode: 'write', check: 'quick' })
  return {
    reader: sqliteReader(connection, path),
    settingUp: (act) => settingUpSqlite(connection, path, act),
    onlyRead: () => connection.exec('pragma query_only = on'),
  }
}

type Proved = Omit<Storage, 'reader'>

const provedStore = async (
  { reader, settingUp }: StoreEngine,
  parts: StorageParts,
  made: RootKey | undefined,
): Promise<Proved> => {
  await refuseNewerSchema(reader.query as unknown as Kysely<unknown>, storeMigrations(unsealed))
  let found = await readStore(reader.query)
  for (;;) {
    // Not inside the transaction: a key may be waited for, and others would wait for its lock.
    const rootKey = (found ? undefined : made) ?? (await parts.rootKey.open(found?.root_key_descriptor))
    const proved = await settingUp((db) => proveIn(db, found, rootKey, parts))
    if (!('appeared' in proved)) return proved
    found = proved.appeared
  }
}

/** Another process made the store in the meantime: its root key has to be opened by what that one wrote down. */
interface Appeared {
  readonly appeared: StoreRow
}

const proveIn = async (
  db: Kysely<unknown>,
  expected: StoreRow | undefined,
  rootKey: RootKey,
  { rootKey: source, nowMs, random }: StorageParts,
): Promise<Proved | Appeared> => {
  await refuseNewerSchema(db, storeMigrations(unsealed))
  const tables = db as Kysely<StoreTables>
  const found = await readStore(tables)
  if (found && !expected) return { appeared: found }
  const store = found ?? (await newStore({ source: source.name, key: rootKey, nowMs, random }))
  // Fails for another root key than the store was made with.
  const auditKey = await auditKeyOf(rootKey, store)
  await migrate(
    db,
    storeMigrations((head) => sealColumns(head, auditKey)),
  )
  if (!found) {
    await tables.insertInto('store').values(store).execute()
    await tables
      .insertInto('audit_chains')
      .values(sealedChain(uuid(random), nowMs, auditKey))
      .execute()
  }
  return { store, rootKey, auditKey }
}

const readStore = async (db: Kysely<StoreTables>): Promise<StoreRow | undefined> =>
  (await hasTable(db, 'store')) ? db.selectFrom('store').selectAll().executeTakeFirst() : undefined

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

/** For where only the names of the migrations matter. */
const unsealed = (): SealColumns => brokenSeal
