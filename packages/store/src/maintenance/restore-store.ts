import { existsSync } from 'node:fs'
import { chmod, mkdir, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Clock, type Random, SecretsError } from '@keyplane/core'
import {
  type CheckedBackup,
  checkBackup,
  draftOf,
  fileError,
  firstRowOf,
  hasTable,
  loadBackup,
  migrate,
  openSqlite,
  place,
  postgresServer,
  sealColumns,
  settingUpPostgres,
  settingUpSqlite,
  sweepDrafts,
} from '@keyplane/database'
import type { RootKeySource } from '@keyplane/sealing'
import type { Kysely } from 'kysely'
import { auditKeyOf } from '../storage/audit-key.ts'
import { storeMigrations } from '../storage/migrations.ts'
import type { StoreDatabase } from '../storage/store-database.ts'
import type { StoreRow, StoreTables } from '../storage/tables.ts'
import { appendRecord } from './append-record.ts'
import { operatorRecord } from './operator-record.ts'
import { storeRootKey, type StoreRootKey } from './root-key-source-of.ts'

export type RestoreOptions = StoreDatabase & {
  readonly path: string
  readonly rootKey: RootKeySource
  /** Default: the system's. */
  readonly clock?: Clock
  readonly random: Random
  readonly onProgress?: (rows: number) => void
}

/** What was restored. */
export interface Restored {
  readonly rows: number
  /** What opens it. */
  readonly rootKey: StoreRootKey
}

/**
 * Makes a store of a backup, of this version or an older one, where there is none yet: all of it, or nothing. Its audit log
 * goes on with a record of that.
 * @throws SecretsError `conflict` (`exists`) if there is a store, `integrity` (`damaged_backup`), `unsupported`
 * (`newer_schema`), `source_misconfigured` (`wrong_root_key`, `not_a_backup`), and what the engine and the root key's source
 * say; what is wrong with the root key is told with the source of the backup's.
 */
export const restoreStore = async (options: RestoreOptions): Promise<Restored> => {
  const { databasePath, databaseUrl, path, rootKey, random } = options
  if (databasePath !== undefined) await requireEmpty(databasePath)
  const backup = await checkBackup(path)
  const store = await storeIn(backup)
  const auditKey = await provedKey(store, rootKey)
  const load = (db: Kysely<unknown>): Promise<void> => loadStore(db, { backup, auditKey, ...options })
  if (databasePath === undefined) await restoreIntoPostgres(databaseUrl, load)
  else await restoreIntoSqlite(databasePath, random, load)
  return { rows: backup.rows, rootKey: storeRootKey(store) }
}

const storeIn = async ({ path }: CheckedBackup): Promise<StoreRow> => {
  const store = (await firstRowOf(path, 'store')) as unknown as StoreRow | undefined
  if (store) return store
  throw new SecretsError('integrity', 'The backup holds no store.', { reason: 'damaged_backup' })
}

/** Before anything is made: whether the root key is the one that the backup's store was made with. */
const provedKey = async (store: StoreRow, source: RootKeySource): Promise<Uint8Array> => {
  try {
    return await auditKeyOf(await source.open(store.root_key_descriptor), store)
  } catch (error) {
    if (!(error instanceof SecretsError)) throw error
    throw aboutBackup(error, storeRootKey(store), source.name)
  }
}

/** What a root key failed with, and which one is wanted. */
const aboutBackup = (cause: SecretsError, { source, name }: StoreRootKey, given: string): SecretsError => {
  const { code, message, reason } = cause
  const comesFrom = `The root key of this backup comes from \`${name}\``
  if (source === given)
    return new SecretsError(code, `${message} ${comesFrom}.`, { cause, ...(reason !== undefined && { reason }) })
  return new SecretsError('source_misconfigured', `${comesFrom}, not from \`${given}\`; name it with --root-key.`, {
    reason: 'other_root_key_source',
    cause,
  })
}

interface Loading {
  readonly backup: CheckedBackup
  readonly auditKey: Uint8Array
  readonly clock?: Clock
  readonly random: Random
  readonly onProgress?: (rows: number) => void
}

/** The schema that the backup's rows were in, then the rows, then what later versions made of it. */
const loadStore = async (db: Kysely<unknown>, loading: Loading): Promise<void> => {
  const { backup, auditKey, onProgress } = loading
  const migrations = storeMigrations((head) => sealColumns(head, auditKey))
  const unknown = backup.head.migrations.filter((name) => !Object.hasOwn(migrations, name))
  if (unknown.length > 0)
    throw new SecretsError(
      'unsupported',
      `The backup was written by a newer version (it has ${unknown.join(', ')}); restore it with that one.`,
      { reason: 'newer_schema' },
    )
  await migrate(db, migrations, backup.head.migrations.at(-1) ?? '')
  await loadBackup(db, backup, onProgress)
  await migrate(db, migrations)
  await recordRestore(db as Kysely<StoreTables>, loading)
}

const recordRestore = async (db: Kysely<StoreTables>, { backup, auditKey, clock, random }: Loading): Promise<void> => {
  // A log that was removed before the backup is told of by verifying, not by losing the rest.
  if (!(await db.selectFrom('audit_chains').select('chain_id').limit(1).executeTakeFirst())) return
  const detail = { BackupOf: new Date(backup.head.createdAtMs).toISOString() }
  await appendRecord(db, auditKey, operatorRecord('keyplane:RestoreStore', { random, detail, ...(clock && { clock }) }))
}

const restoreIntoPostgres = (url: string, load: (db: Kysely<unknown>) => Promise<void>): Promise<void> => {
  const server = postgresServer(url)
  return settingUpPostgres(server, async (db) => {
    if (await hasTable(db, 'store')) throw occupied(server.label)
    await load(db)
  })
}

/** A first start that failed may have left a file without tables; anything else stays. */
const requireEmpty = async (path: string): Promise<void> => {
  if (!existsSync(path)) return
  if ((await tableCount(path, 'read')) !== 0) throw occupied(path)
}

/** Whether an empty file stands in a place, which may be replaced: nobody has it open, and no log belongs to it. */
const isLetGo = async (path: string): Promise<boolean> => {
  if (!existsSync(path)) return false
  await requireEmpty(path)
  // The last connection's end removes what lies beside the file.
  if ((await tableCount(path, 'write')) !== 0 || existsSync(`${path}-wal`)) throw occupied(path)
  return true
}

/** Gives `unknown` for what cannot be read as a database. */
const tableCount = async (path: string, mode: 'read' | 'write'): Promise<number | 'unknown'> => {
  try {
    const connection = openSqlite({ path, mode, check: 'header' })
    try {
      const found = connection
        .prepare("select count(*) as tables from sqlite_schema where name not like 'sqlite_%'")
        .get()
      return Number(found?.['tables'])
    } finally {
      connection.close()
    }
  } catch {
    return 'unknown'
  }
}

/** Beside its place first: a restore that was cut off is not taken for a store. */
const restoreIntoSqlite = async (
  path: string,
  random: Random,
  load: (db: Kysely<unknown>) => Promise<void>,
): Promise<void> => {
  await sweepDrafts(path)
  const draft = draftOf(path, random)
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const connection = openSqlite({ path: draft, mode: 'write', check: 'header' })
    try {
      await settingUpSqlite(connection, draft, load)
    } finally {
      // The last connection's end brings what is in the log into the file.
      connection.close()
    }
    await chmod(draft, 0o600)
    const file = await open(draft, 'r+')
    await file.sync().finally(() => file.close())
    await place(draft, path, await isLetGo(path))
  } catch (error) {
    throw fileError(error, path)
  } finally {
    for (const end of ['', '-wal', '-shm']) await rm(`${draft}${end}`, { force: true })
  }
}

const occupied = (where: string): SecretsError =>
  new SecretsError('conflict', `There is a store in ${where} already; nothing was changed.`, { reason: 'exists' })
