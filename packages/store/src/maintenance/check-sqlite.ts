import type { Reader } from '@keyplane/database'
import { sql } from 'kysely'
import type { StoreTables } from '../storage/tables.ts'
import type { EngineCheck } from './engine-check.ts'

/** SQLite reads all of its pages, and compares every index with its table. */
export const checkSqlite = async ({ query }: Reader<StoreTables>): Promise<EngineCheck> => {
  const integrity = await sql<{ integrity_check: string }>`pragma integrity_check(20)`.execute(query)
  const references = await sql<{ table: string }>`select "table" from pragma_foreign_key_check limit 20`.execute(query)
  return {
    checks: ['SQLite’s integrity_check: every page and index', 'every row refers to one that is there'],
    damage: [
      ...integrity.rows.flatMap(({ integrity_check }) => (integrity_check === 'ok' ? [] : [integrity_check])),
      ...references.rows.map(({ table }) => `a row of ${table} refers to none`),
    ],
    isReadable: true,
  }
}
