import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { migrate, openSqlite, openWriter, settingUpSqlite, sqliteReader, type Writer } from '@keyplane/database'
import { databaseJournal, rotationMigrations, type RotationTables } from '@keyplane/rotation'
import { describeRotationJournal, type JournalFixture } from '@keyplane/rotation/testing'
import { fakeClock } from '@keyplane/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rotation-journal-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const start = async (): Promise<JournalFixture> => {
  const path = join(folder, 'rotation.db')
  const connection = openSqlite({ path, mode: 'write', check: 'header' })
  await settingUpSqlite(connection, path, (db) => migrate(db, rotationMigrations))
  connection.close()
  const clock = fakeClock()
  const opened: { close(): Promise<void> }[] = []
  const open = async () => {
    const writer: Writer = await openWriter({ path, thread: new URL('./writer-thread.ts', import.meta.url) })
    const reader = sqliteReader<RotationTables>(openSqlite({ path, mode: 'read', check: 'header' }), path)
    opened.push(writer, reader)
    return databaseJournal({ reader, writer, clock })
  }
  const fixture = { journal: await open(), other: await open(), clock }
  return {
    ...fixture,
    stop: async () => {
      for (const each of opened) await each.close()
    },
  }
}

describeRotationJournal('SQLite', start, { describe, it })

describe('a record in SQLite', () => {
  it('that was moved to another secret’s row is told as damage', async () => {
    const { journal, stop } = await start()
    const lease = await journal.lease('a', 'one', 1_000)
    const rotation = {
      schema: 1,
      secretId: 'a',
      rotationId: 'r',
      rotator: 'x',
      startedAtMs: 1,
      changedAtMs: 1,
      pendingVersion: 'v2',
      replaced: 0,
      state: 'planned',
    } as const
    if (lease) await journal.write(lease, { rotation, over: 0 })
    const database = new DatabaseSync(join(folder, 'rotation.db'))
    database.exec("update rotations set secret_id = 'b'")
    database.close()
    await expect(journal.load('b')).rejects.toMatchObject({ code: 'integrity' })
    await stop?.()
  })
})
