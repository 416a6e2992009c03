import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { databaseReceipts, receiptMigrations } from '@keyplane/rotation'
import { describeReceipts } from '@keyplane/rotation/testing'
import { afterEach, beforeEach, describe, it } from 'vitest'
import { keptInSqlite } from './sqlite-database.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rotation-receipts-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describeReceipts(
  'SQLite',
  async () => {
    const { one: receipts, ...fixture } = await keptInSqlite(folder, receiptMigrations, databaseReceipts)
    return { receipts, ...fixture }
  },
  { describe, it },
)
