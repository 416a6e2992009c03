import { systemClock } from '@keyplane/core'
import { migrate, openSqlite, openWriter, settingUpSqlite, sqliteReader } from '@keyplane/database'
import {
  databaseJournal,
  databaseReceipts,
  receiptMigrations,
  type Receipts,
  type ReceiptTables,
  type RotationJournal,
  rotationMigrations,
  type RotationTables,
} from '@keyplane/rotation'

export interface JournalFile {
  readonly journal: RotationJournal
  readonly receipts: Receipts
  close(): Promise<void>
}

/** A journal and receipts in a file, which is made if it is not there. */
export const journalFile = async (path: string): Promise<JournalFile> => {
  const connection = openSqlite({ path, mode: 'write', check: 'header' })
  await settingUpSqlite(connection, path, (db) => migrate(db, { ...rotationMigrations, ...receiptMigrations }))
  connection.close()
  const thread = new URL('../../../packages/rotation/test/writer-thread.ts', import.meta.url)
  const writer = await openWriter({ path, thread })
  const read = <Tables>() => sqliteReader<Tables>(openSqlite({ path, mode: 'read', check: 'header' }), path)
  const [rotations, receipts] = [read<RotationTables>(), read<ReceiptTables>()]
  return {
    journal: databaseJournal({ reader: rotations, writer, clock: systemClock }),
    receipts: databaseReceipts({ reader: receipts, writer, clock: systemClock }),
    close: async () => {
      for (const each of [writer, rotations, receipts]) await each.close()
    },
  }
}
