import { systemClock } from '@keyplane/core'
import { migrate, openSqlite, openWriter, settingUpSqlite, sqliteReader } from '@keyplane/database'
import { databaseJournal, type RotationJournal, rotationMigrations, type RotationTables } from '@keyplane/rotation'

export interface JournalFile {
  readonly journal: RotationJournal
  close(): Promise<void>
}

/** A journal in a file, which is made if it is not there. */
export const journalFile = async (path: string): Promise<JournalFile> => {
  const connection = openSqlite({ path, mode: 'write', check: 'header' })
  await settingUpSqlite(connection, path, (db) => migrate(db, rotationMigrations))
  connection.close()
  const thread = new URL('../../../packages/rotation/test/writer-thread.ts', import.meta.url)
  const writer = await openWriter({ path, thread })
  const reader = sqliteReader<RotationTables>(openSqlite({ path, mode: 'read', check: 'header' }), path)
  const close = async (): Promise<void> => {
    await writer.close()
    await reader.close()
  }
  return { journal: databaseJournal({ reader, writer, clock: systemClock }), close }
}
