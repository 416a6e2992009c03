import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { databaseJournal, rotationMigrations, type RotationTables } from '@keyplane/rotation'
import { describeRotationJournal, type JournalFixture } from '@keyplane/rotation/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { keptByTwo } from './kept-by-two.ts'
import { sqliteDatabase } from './sqlite-database.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rotation-journal-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const start = async (): Promise<JournalFixture> => {
  const open = await sqliteDatabase<RotationTables>(folder, rotationMigrations)
  const { one: journal, ...fixture } = await keptByTwo(open, databaseJournal)
  return { journal, ...fixture }
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
