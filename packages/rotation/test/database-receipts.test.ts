import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { databaseReceipts, receiptMigrations, type ReceiptTables } from '@keyplane/rotation'
import { describeReceipts } from '@keyplane/rotation/testing'
import { afterEach, beforeEach, describe, it } from 'vitest'
import { keptByTwo } from './kept-by-two.ts'
import { sqliteDatabase } from './sqlite-database.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rotation-receipts-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describeReceipts(
  'SQLite',
  async () => {
    const open = await sqliteDatabase<ReceiptTables>(folder, receiptMigrations)
    const { one: receipts, ...fixture } = await keptByTwo(open, databaseReceipts)
    return { receipts, ...fixture }
  },
  { describe, it },
)
