import type { MessagePort } from 'node:worker_threads'
import type { Clock, Random } from '@keyplane/core'
import { openPostgresWriter, openWriter, postgresServer, type Writer, writerOver } from '@keyplane/database'
import { holdChain } from './hold-chain.ts'
import type { StoreDatabase } from './store-database.ts'

export interface StoreWriterParts {
  readonly auditKey: Uint8Array
  readonly clock: Clock
  readonly random: Random
}

/** The writer of an opened store. */
export interface StoreWriter extends Writer {
  /** On SQLite: a port for a writer of another thread, which shares this one's commits. */
  connect?(): MessagePort
}

/** The writer of an opened store, which adds the audit log to every commit. */
export const openStoreWriter = (
  database: StoreDatabase,
  { auditKey, clock, random }: StoreWriterParts,
): Promise<StoreWriter> => {
  const { databasePath: path } = database
  if (path !== undefined) return openWriter({ path, thread: writerThread(), threadData: { auditKey } })
  return openPostgresWriter(postgresServer(database.databaseUrl, database.timeouts), {
    onSession: (session) => holdChain(session, { auditKey, random, nowMs: clock.nowMs() }),
  })
}

/** The writer of another thread: over a port to the first one's, or of its own with a chain of its own. */
export const joinStoreWriter = async (
  database: StoreDatabase,
  port: MessagePort | undefined,
  parts: StoreWriterParts,
): Promise<Writer> => (port ? writerOver(port) : openStoreWriter(database, parts))

/** Beside this module, from source as well as built. */
const writerThread = (): URL =>
  new URL(`./writer-thread.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url)
