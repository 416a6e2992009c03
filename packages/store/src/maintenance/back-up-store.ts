import { type Clock, type Random, SecretsError } from '@keyplane/core'
import { type BackupSummary, type Reader, writeBackup } from '@keyplane/database'
import type { RootKeySource } from '@keyplane/sealing'
import type { Kysely } from 'kysely'
import { auditKeyOf } from '../storage/audit-key.ts'
import { storeRow } from '../storage/store-row.ts'
import { requireStore } from '../storage/require-store.ts'
import { readerOf, type StoreDatabase } from '../storage/store-database.ts'
import type { StoreRow, StoreTables } from '../storage/tables.ts'
import { appendRecord } from './append-record.ts'
import { operatorRecord } from './operator-record.ts'
import { storeRootKey, type StoreRootKey } from './root-key-source-of.ts'
import { writingOnce } from './writing-once.ts'

export type BackUpOptions = StoreDatabase & {
  readonly path: string
  /** Whether a file that is there may be replaced. Default: no. */
  readonly replace?: boolean
  /** What the audit log is sealed with: the backup's record takes it. Default: none, and no record. */
  readonly rootKey?: RootKeySource
  readonly clock: Clock
  readonly random: Random
  readonly onProgress?: (rows: number) => void
  /**
   * Told why the audit log has no record of this backup: its root key is not had, or the database takes no writes. It is
   * made all the same, since who can read the database has it anyway.
   */
  readonly onUnrecorded?: (why: unknown) => void
}

/** What was backed up. */
export interface BackedUp extends BackupSummary {
  /** What a restore of it has to be given. */
  readonly rootKey: StoreRootKey
}

/**
 * Writes all of a store, as it is at one moment, to a file that either engine can be restored from. The store may run
 * meanwhile. Values stay sealed: without the root key, which is not in it, nobody reads them.
 * @throws SecretsError what the engine says, `conflict` (`exists`), `unavailable` (`disk_full`).
 */
export const backUpStore = async (options: BackUpOptions): Promise<BackedUp> => {
  const reader = readerOf(options)
  try {
    await requireStore(reader, options)
    const store = await storeRow(reader)
    if (!store)
      throw new SecretsError('integrity', 'The row that says whose store this is has been removed.', {
        reason: 'damaged',
      })
    // Before anything is given out, as for every other call.
    await record(store, options)
    const nowMs = options.clock.nowMs()
    const summary = await writeBackup(reader as unknown as Reader<unknown>, { ...options, nowMs })
    return { ...summary, rootKey: storeRootKey(store) }
  } finally {
    await reader.close()
  }
}

const record = async (
  store: StoreRow,
  { rootKey, path, clock, random, onUnrecorded, ...database }: BackUpOptions,
): Promise<void> => {
  if (!rootKey) return
  try {
    const auditKey = await auditKeyOf(await rootKey.open(store.root_key_descriptor), store)
    const made = operatorRecord('keyplane:BackUpStore', { clock, random, detail: { File: path } })
    await writingOnce(database, (db) => appendRecord(db as Kysely<StoreTables>, auditKey, made))
  } catch (error) {
    onUnrecorded?.(error)
  }
}
