import type { Clock, Random } from '@keyplane/core'
import { lendWriter, openPostgresWriter, openWriter, postgresServer, type SharedWriter } from '@keyplane/database'
import { holdChain } from './hold-chain.ts'
import type { StoreDatabase } from './store-database.ts'

export interface StoreWriterParts {
  readonly auditKey: Uint8Array
  readonly clock: Clock
  readonly random: Random
}

/** The writer of an opened store, which adds the audit log to every commit. */
export const openStoreWriter = async (
  database: StoreDatabase,
  { auditKey, clock, random }: StoreWriterParts,
): Promise<SharedWriter> => {
  const { databasePath: path } = database
  if (path !== undefined) return openWriter({ path, thread: writerThread(), threadData: { auditKey } })
  const writer = await openPostgresWriter(postgresServer(database.databaseUrl, database.timeouts), {
    onSession: (session) => holdChain(session, { auditKey, random, nowMs: clock.nowMs() }),
  })
  return {
    get alive() {
      return writer.alive
    },
    write: (unit) => writer.write(unit),
    connect: () => lendWriter(writer),
    close: () => writer.close(),
  }
}

/** Beside this module, from source as well as built. */
const writerThread = (): URL =>
  new URL(`./writer-thread.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url)
