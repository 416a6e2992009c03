import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Kysely } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { compileOnce } from './compiled-query.ts'
import { type Migrations, migrate } from './migrate.ts'
import { openSqlite } from './sqlite/open-sqlite.ts'
import type { Reader } from './ports.ts'
import { sqliteReader } from './sqlite/reader.ts'

interface Tables {
  items: { id: string; body: Uint8Array | null; size: number }
}

let folder: string
let reader: Reader<Tables>
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'migrate-'))
  const path = join(folder, 'data.db')
  reader = sqliteReader<Tables>(openSqlite({ path, mode: 'write', check: 'header' }), path)
})
afterEach(async () => {
  await reader.close()
  rmSync(folder, { recursive: true })
})

const migrations: Migrations = {
  '0001-items': {
    up: (db) =>
      db.schema
        .createTable('items')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('body', 'blob')
        .addColumn('size', 'integer')
        .execute(),
  },
}
const failing: Migrations = {
  ...migrations,
  '0002-broken': {
    up: async (db: Kysely<unknown>) => {
      await db.schema.alterTable('items').addColumn('half', 'text').execute()
      throw new Error('power cut')
    },
  },
}
const db = () => reader.query as unknown as Kysely<unknown>

describe('migrate', () => {
  it('runs what has not run yet, once', async () => {
    expect(await migrate(db(), migrations)).toEqual(['0001-items'])
    expect(await migrate(db(), migrations)).toEqual([])
  })

  it('leaves nothing of a migration that failed', async () => {
    await migrate(db(), migrations)
    await expect(migrate(db(), failing)).rejects.toMatchObject({ code: 'internal' })
    const columns = (await reader.query.introspection.getTables()).find(({ name }) => name === 'items')?.columns
    expect(columns?.map(({ name }) => name)).toEqual(['id', 'body', 'size'])
    expect(await migrate(db(), migrations)).toEqual([])
  })

  it('refuses a database that a newer version wrote', async () => {
    await migrate(db(), { ...migrations, '0009-later': { up: async () => undefined } })
    await expect(migrate(db(), migrations)).rejects.toMatchObject({
      code: 'unsupported',
      reason: 'newer_schema',
      message: /0009-later/,
    })
  })
})

describe('a reader', () => {
  it('runs a query that was compiled once with other parameters each time', async () => {
    await migrate(db(), migrations)
    await reader.query
      .insertInto('items')
      .values([
        { id: 'a', body: Uint8Array.of(1), size: 1 },
        { id: 'b', body: null, size: 2 },
      ])
      .execute()
    const find = compileOnce((id: string, size: number) =>
      reader.query.selectFrom('items').selectAll().where('size', '=', size).where('id', '=', id),
    )
    expect(await reader.all(find('a', 1))).toEqual([{ id: 'a', body: Uint8Array.of(1), size: 1 }])
    expect(await reader.all(find('b', 2))).toEqual([{ id: 'b', body: null, size: 2 }])
    const [some, none] = await reader.snapshot([find('a', 1), find('b', 1)])
    expect([some.length, none.length]).toEqual([1, 0])
  })
})
