/** Where rotations are noted: who starts again after a crash goes on where the record says. */
import { systemClock } from '@keyplane/core'
import { migrate, openSqlite, openWriter, settingUpSqlite, sqliteReader } from '@keyplane/database'
import { databaseJournal, type RotationJournal, rotationMigrations, type RotationTables } from '@keyplane/rotation'

export interface JournalFile {
  readonly journal: RotationJournal
  close(): Promise<void>
}

/** A journal in a SQLite file, which is made if it is not there. */
export const journalFile = async (path: string): Promise<JournalFile> => {
  const connection = openSqlite({ path, mode: 'write', check: 'header' })
  await settingUpSqlite(connection, path, (db) => migrate(db, rotationMigrations))
  connection.close()
  const writer = await openWriter({ path, thread: new URL('./writer-thread.ts', import.meta.url) })
  const reader = sqliteReader<RotationTables>(openSqlite({ path, mode: 'read', check: 'header' }), path)
  return {
    journal: databaseJournal({ reader, writer, clock: systemClock }),
    close: async () => {
      await writer.close()
      await reader.close()
    },
  }
}
