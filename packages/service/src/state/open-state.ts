import { type AuditSink, type Clock, type Random, uuid } from '@keyplane/core'
import {
  hasTable,
  holdChain,
  migrate,
  moduleBeside,
  openPostgresWriter,
  openWriter,
  type Reader,
  refuseNewerSchema,
  sealedChain,
  type Writer,
  writerWhenNeeded,
} from '@keyplane/database'
import type { Kysely } from 'kysely'
import { databaseSink } from './database-sink.ts'
import { stateMigrations } from './migrations.ts'
import { settingUpState, type StateDatabase, stateReader, stateServer } from './state-database.ts'
import { startSweeps } from './sweep.ts'
import type { StateTables } from './tables.ts'

export interface StateParts {
  readonly clock: Clock
  readonly random: Random
  /** What the audit log's end is sealed with. Default: its hash alone. */
  readonly auditKey?: Uint8Array | undefined
}

/** The service's own state: who may log in, who is logged in, what was answered, and the audit log where that is kept here. */
export interface State {
  readonly reader: Reader<StateTables>
  /** Every record that a unit has is in the log's chain exactly if its statements are there. */
  readonly writer: Writer
  /** The audit log in this database. */
  readonly log: AuditSink
  close(): Promise<void>
}

/** Opens the state, or makes it. @throws SecretsError what the engine says, `unsupported` (`newer_schema`). */
export const openState = async (database: StateDatabase, parts: StateParts): Promise<State> => {
  await settingUpState(database, (db) => prepare(db, parts))
  const reader = stateReader(database)
  try {
    const writer = await openStateWriter(database, parts)
    const sweeps = startSweeps({ reader, writer, clock: parts.clock })
    return {
      reader,
      writer,
      log: databaseSink(writer),
      close: async () => {
        await sweeps.end()
        await writer.close()
        await reader.close()
      },
    }
  } catch (thrown) {
    await reader.close()
    throw thrown
  }
}

/** The first chain comes with the state: where it is gone later, that has to show. */
const prepare = async (db: Kysely<unknown>, { clock, random, auditKey }: StateParts): Promise<void> => {
  await refuseNewerSchema(db, stateMigrations)
  const isNew = !(await hasTable(db, 'service'))
  await migrate(db, stateMigrations)
  if (!isNew) return
  const tables = db as Kysely<StateTables>
  const created_at_ms = clock.nowMs()
  await tables
    .insertInto('service')
    .values({ id: uuid(random), created_at_ms })
    .execute()
  await tables
    .insertInto('audit_chains')
    .values(sealedChain(uuid(random), created_at_ms, auditKey))
    .execute()
}

const openStateWriter = async (
  { file, url }: StateDatabase,
  { clock, random, auditKey }: StateParts,
): Promise<Writer> =>
  file === undefined
    ? openPostgresWriter(stateServer(url), {
        onSession: (session) => holdChain(session, { keeper: 'service', auditKey, random, nowMs: clock.nowMs() }),
      })
    : writerWhenNeeded(() =>
        openWriter({
          path: file,
          thread: moduleBeside(import.meta.url, 'writer-thread'),
          ...(auditKey && { threadData: { auditKey } }),
        }),
      )
