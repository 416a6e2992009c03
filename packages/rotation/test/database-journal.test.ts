import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Writer, WriteUnit } from '@keyplane/database'
import {
  databaseJournal,
  type Rotation,
  rotationMigrations,
  type RotationNotice,
  type RotationTables,
} from '@keyplane/rotation'
import { describeRotationJournal, type JournalFixture } from '@keyplane/rotation/testing'
import { fakeClock } from '@keyplane/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { keptByTwo } from './kept-by-two.ts'
import { sqliteDatabase } from './sqlite-database.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rotation-journal-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const planned: Rotation = {
  schema: 1,
  secretId: 'a',
  rotationId: 'r',
  rotator: 'x',
  startedAtMs: 1,
  changedAtMs: 1,
  pendingVersion: 'v2',
  replaced: 0,
  state: 'planned',
}
const start = async (): Promise<JournalFixture> => {
  const open = await sqliteDatabase<RotationTables>(folder, rotationMigrations)
  const { one: journal, ...fixture } = await keptByTwo(open, databaseJournal)
  return { journal, ...fixture }
}

describeRotationJournal('SQLite', start, { describe, it })

describe('the audit records of a step', () => {
  it('are written with it, or not at all', async () => {
    const { reader, writer } = await (await sqliteDatabase<RotationTables>(folder, rotationMigrations))()
    const units: WriteUnit[] = []
    const noting: Pick<Writer, 'write'> = { write: async (unit) => (units.push(unit), 'conflict') }
    const record = { actor: 'a', action: 'Step', resource: 'r', decision: 'allow', requestId: 'r' } as const
    const audit = async ({ atMs }: RotationNotice) => [{ ...record, atMs }]
    const journal = databaseJournal({ reader, writer: noting as Writer, clock: fakeClock(), audit })
    const lease = { secretId: 'a', holder: 'one', fence: 1, expiresAtMs: 1 }
    const notice = { atMs: 7, secretId: 'a', rotationId: 'r', pendingVersion: 'v2', to: 'planned' } as const
    expect(await journal.write(lease, { rotation: planned, over: 0, notice })).toBeUndefined()
    expect(units.map(({ statements, audit: written }) => [statements.length, written])).toEqual([
      [1, [{ ...record, atMs: 7 }]],
    ])
    await writer.close()
    await reader.close()
  })
})

describe('a record in SQLite', () => {
  it('that was moved to another secret’s row is told as damage', async () => {
    const { journal, stop } = await start()
    const lease = await journal.lease('a', 'one', 1_000)
    if (lease) await journal.write(lease, { rotation: planned, over: 0 })
    const database = new DatabaseSync(join(folder, 'rotation.db'))
    database.exec("update rotations set secret_id = 'b'")
    database.close()
    await expect(journal.load('b')).rejects.toMatchObject({ code: 'integrity' })
    await stop?.()
  })
})
