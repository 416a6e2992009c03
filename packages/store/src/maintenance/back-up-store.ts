import type { Clock, Random } from '@keyplane/core'
import { type BackupSummary, type Reader, writeBackup } from '@keyplane/database'
import { requireStore } from '../storage/require-store.ts'
import { readerOf, type StoreDatabase } from '../storage/store-database.ts'

export type BackUpOptions = StoreDatabase & {
  readonly path: string
  /** Whether a file that is there may be replaced. Default: no. */
  readonly replace?: boolean
  readonly clock: Clock
  readonly random: Random
  readonly onProgress?: (rows: number) => void
}

/**
 * Writes all of a store, as it is at one moment, to a file that either engine can be restored from. The store may run
 * meanwhile. Values stay sealed: without the root key, which is not in it, nobody reads them.
 * @throws SecretsError what the engine says, `conflict` (`exists`), `unavailable` (`disk_full`).
 */
export const backUpStore = async ({ clock, ...options }: BackUpOptions): Promise<BackupSummary> => {
  const reader = readerOf(options)
  try {
    await requireStore(reader, options)
    return await writeBackup(reader as unknown as Reader<unknown>, { ...options, nowMs: clock.nowMs() })
  } finally {
    await reader.close()
  }
}
