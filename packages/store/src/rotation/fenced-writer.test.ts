import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  brokenSeal,
  migrate,
  openSqlite,
  openWriter,
  type Reader,
  settingUpSqlite,
  sqliteReader,
  type Statement,
  type Writer,
} from '@keyplane/database'
import { databaseJournal, type RotationJournal, type RotationTables } from '@keyplane/rotation'
import { fakeClock } from '@keyplane/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { storeMigrations } from '../storage/migrations.ts'
import { type SecretRotationsTable, secretRotationsTable } from '../storage/secret-rotations-table.ts'
import type { StoreTables } from '../storage/tables.ts'
import { fencedWriter } from './fenced-writer.ts'

let folder: string
let writer: Writer
let reader: Reader<StoreTables>
let rotations: SecretRotationsTable
let journal: RotationJournal
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'keyplane-fence-'))
  const path = join(folder, 'store.db')
  const connection = openSqlite({ path, mode: 'write', check: 'header' })
  await settingUpSqlite(connection, path, (db) =>
    migrate(
      db,
      storeMigrations(() => brokenSeal),
    ),
  )
  connection.close()
  writer = await openWriter({
    path,
    thread: new URL('../storage/writer-thread.ts', import.meta.url),
    threadData: { auditKey: new Uint8Array(32) },
  })
  reader = sqliteReader(openSqlite({ path, mode: 'read', check: 'header' }), path)
  rotations = secretRotationsTable(reader)
  journal = databaseJournal({ reader: reader as unknown as Reader<RotationTables>, writer, clock: fakeClock() })
})
afterEach(async () => {
  await writer.close()
  await reader.close()
  rmSync(folder, { recursive: true })
})

/** A change that can be seen, of any row. */
const change = {
  sql: `insert into rotations (secret_id, fence, holder, expires_at_ms, revision, is_open, due_at_ms)
    values ('seen', 7, '', 0, 0, 0, 0) on conflict do nothing`,
  parameters: [],
}
const isChanged = async (): Promise<boolean> => (await rotations.fenceOf('seen')) === 7

/** The lease of somebody, and what he writes by it. */
const leased = async (holder: string) => {
  const lease = await journal.lease('a', holder, 1_000)
  if (!lease) throw new Error('Nobody else has it.')
  const his = fencedWriter(writer, rotations, lease)
  return { lease, write: (statement: Statement) => his.write({ statements: [statement], audit: [] }) }
}

describe('what somebody writes who rotates a secret', () => {
  it('is written while he has the lease, and after he gave it back until another one has it', async () => {
    const { lease, write } = await leased('one')
    expect(await write(change)).toBe('committed')
    await journal.release(lease)
    expect([await write(change), await isChanged()]).toEqual(['committed', true])
  })

  it('is not written once another lease was taken, be it by himself', async () => {
    const { lease, write } = await leased('one')
    await journal.release(lease)
    await leased('one')
    await expect(write(change)).rejects.toMatchObject({ code: 'conflict', reason: 'lease_lost' })
    expect(await isChanged()).toBe(false)
  })

  it('is a conflict where somebody else was first, as without a lease', async () => {
    const { write } = await leased('one')
    expect(await write({ ...change, expectRows: 1 })).toBe('committed')
    expect(await write({ ...change, expectRows: 1 })).toBe('conflict')
  })
})
