import type { Clock, Random } from '@keyplane/core'
import {
  holdChain,
  moduleBeside,
  openPostgresWriter,
  openWriter,
  postgresServer,
  type SharedWriter,
} from '@keyplane/database'
import type { StoreDatabase } from './store-database.ts'

export interface StoreWriterParts {
  readonly auditKey: Uint8Array
  readonly clock: Clock
  readonly random: Random
}

/** The writer of an opened store, which adds the audit log to every commit. */
export const openStoreWriter = (
  database: StoreDatabase,
  { auditKey, clock, random }: StoreWriterParts,
): Promise<SharedWriter> => {
  const { databasePath: path } = database
  if (path !== undefined)
    return openWriter({ path, thread: moduleBeside(import.meta.url, 'writer-thread'), threadData: { auditKey } })
  return openPostgresWriter(postgresServer(database.databaseUrl, database.timeouts), {
    onSession: (session) => holdChain(session, { keeper: 'store', auditKey, random, nowMs: clock.nowMs() }),
  })
}
