import { mkdtempSync, rmSync } from 'node:fs'
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brokenSeal, migrate, openSqlite, type Reader, settingUpSqlite, sqliteReader } from '@keyplane/database'
import type { CompiledQuery } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kmsKeysTable } from './kms-keys-table.ts'
import { storeMigrations } from './migrations.ts'
import { type ListQuery, listSecretRows } from './secrets-listing.ts'
import { secretsTable } from './secrets-table.ts'
import type { StoreTables } from './tables.ts'
import { versionsTable } from './versions-table.ts'

const folder = mkdtempSync(join(tmpdir(), 'listing-'))
let connection: DatabaseSync
let reader: Reader<StoreTables>
const asked: CompiledQuery<unknown>[] = []

beforeAll(async () => {
  const path = join(folder, 'store.db')
  connection = openSqlite({ path, mode: 'write', check: 'quick' })
  await settingUpSqlite(connection, path, (db) =>
    migrate(
      db,
      storeMigrations(() => brokenSeal),
    ),
  )
  const real = sqliteReader<StoreTables>(connection, path)
  reader = {
    engine: real.engine,
    query: real.query,
    all: async (query) => {
      asked.push(query)
      return []
    },
    snapshot: (queries) => real.snapshot(queries),
    stream: (act) => real.stream(act),
    close: () => real.close(),
  }
})
afterAll(async () => {
  await reader.close()
  rmSync(folder, { recursive: true })
})

/** How SQLite would go about the last query that was asked, a step a line. */
const plan = (): string => {
  const { sql, parameters } = asked.at(-1) as CompiledQuery<unknown>
  const steps = connection.prepare(`explain query plan ${sql}`).all(...(parameters as readonly SQLInputValue[]))
  return steps.map((step) => String(step['detail'])).join('\n')
}

const query: Omit<ListQuery, 'order' | 'descending' | 'includeDeleted'> = {
  account: '000000000000',
  region: 'eu-west-1',
  nowMs: 1,
  limit: 101,
}

describe('a page of secrets', () => {
  it('is read from an index in its order, from its position on, and never sorted', async () => {
    for (const order of ['created_at_ms', 'changed_at_ms', 'accessed_at_ms', 'name'] as const)
      for (const descending of [false, true])
        for (const includeDeleted of [false, true])
          for (const after of [undefined, { value: order === 'name' ? 'x' : 5, id: 'a' }]) {
            await listSecretRows(reader, { ...query, order, descending, includeDeleted, ...(after && { after }) })
            const index = includeDeleted
              ? /secrets_by_|sqlite_autoindex_secrets/
              : new RegExp(`active_secrets_by_${order}`)
            expect(plan()).toMatch(index)
            expect(plan()).toMatch(after ? /region=\? AND .*>|region=\? AND .*</ : /region=\?/)
            expect(plan()).not.toMatch(/SCAN|TEMP B-TREE/)
          }
  })
})

describe('secrets by the beginning of their names', () => {
  it('are found in an index', async () => {
    const where = { account: '000000000000', region: 'eu-west-1', limit: 1_001 }
    await secretsTable(reader).withName({ ...where, prefix: 'app/' })
    expect(plan()).toMatch(/\(account=\? AND region=\? AND name>\? AND name<\?\)/)
  })
})

describe('a page of versions', () => {
  it('is read from an index in the order in which they were made', async () => {
    const versions = versionsTable(reader)
    const after = { value: 5, id: 'a' }
    await versions.list('secret', { includeDeprecated: true, limit: 101, after })
    expect(plan()).toMatch(/secret_versions_by_age/)
    // Versions of one millisecond are put in order among themselves.
    expect(plan()).not.toMatch(/SCAN|TEMP B-TREE FOR ORDER BY/)
  })
})

describe('the names of a KMS key', () => {
  it('are read from an index by the key, in their order, however many the account has', async () => {
    await kmsKeysTable(reader).aliasNames('key')
    expect(plan()).toMatch(/kms_aliases_by_key \(key_id=\?\)/)
    expect(plan()).not.toMatch(/SCAN|TEMP B-TREE/)
  })
})
