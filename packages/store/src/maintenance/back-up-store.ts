import { type Clock, type Random, SecretsError } from '@keyplane/core'
import { type BackupSummary, type Reader, writeBackup } from '@keyplane/database'
import { requireStore } from '../storage/require-store.ts'
import { storeRow } from '../storage/audit-table.ts'
import { readerOf, type StoreDatabase } from '../storage/store-database.ts'
import { storeRootKey, type StoreRootKey } from './root-key-source-of.ts'

export type BackUpOptions = StoreDatabase & {
  readonly path: string
  /** Whether a file that is there may be replaced. Default: no. */
  readonly replace?: boolean
  readonly clock: Clock
  readonly random: Random
  readonly onProgress?: (rows: number) => void
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
export const backUpStore = async ({ clock, ...options }: BackUpOptions): Promise<BackedUp> => {
  const reader = readerOf(options)
  try {
    await requireStore(reader, options)
    const store = await storeRow(reader)
    if (!store)
      throw new SecretsError('integrity', 'The row that says whose store this is has been removed.', {
        reason: 'damaged',
      })
    const summary = await writeBackup(reader as unknown as Reader<unknown>, { ...options, nowMs: clock.nowMs() })
    return { ...summary, rootKey: storeRootKey(store) }
  } finally {
    await reader.close()
  }
}
