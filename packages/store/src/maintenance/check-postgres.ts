import { SecretsError } from '@keyplane/core'
import { type Reader, tablesOf } from '@keyplane/database'
import { type Kysely, sql } from 'kysely'
import type { StoreTables } from '../storage/tables.ts'
import { type Amcheck, amcheckOf } from './postgres-amcheck.ts'
import type { EngineCheck } from './engine-check.ts'
import { danglingRows } from './postgres-references.ts'

/**
 * Reads every row of the store's tables with all that is stored outside of them, so that PostgreSQL looks at each page of
 * them; then what it can say without more rights than the store has: invalid indexes, dangling rows, and `amcheck` where
 * that is installed and this user may run it. The reader's statements need time.
 */
export const checkPostgres = async ({ query }: Reader<StoreTables>): Promise<EngineCheck> => {
  const tables = (await tablesOf(query as unknown as Kysely<unknown>)).map(({ name }) => name)
  const unreadable: string[] = []
  for (const name of tables)
    if (!(await holds(() => sql`select sum(octet_length(t::text)) from ${sql.table(name)} as t`.execute(query))))
      unreadable.push(`rows of the table ${name} cannot be read`)
  const checks = [`every row of ${tables.length} tables read`, await checksums(query)]
  if (unreadable.length > 0) return { checks, damage: unreadable, isReadable: false }
  const amcheck = await amcheckOf(query)
  return {
    checks: [...checks, 'every row refers to one that is there', amcheck.says],
    damage: [...(await invalidIndexes(query)), ...(await danglingRows(query)), ...(await brokenIndexes(amcheck))],
    isReadable: true,
  }
}

type Query = Kysely<StoreTables>

const checksums = async (query: Query): Promise<string> => {
  const { rows } = await sql<{ on: string }>`select current_setting('data_checksums') as "on"`.execute(query)
  return rows[0]?.on === 'on'
    ? 'the checksum of each page that was read'
    : 'no checksums of pages: data_checksums is off on this server, so a changed page may pass'
}

const invalidIndexes = async (query: Query): Promise<readonly string[]> => {
  const { rows } = await sql<{ name: string }>`
    select c.relname::text as name from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
    where c.relnamespace = current_schema()::regnamespace and not (i.indisvalid and i.indisready)`.execute(query)
  return rows.map(({ name }) => `the index ${name} is not valid`)
}

const brokenIndexes = async ({ indexes, checkIndex }: Amcheck): Promise<readonly string[]> => {
  const broken: string[] = []
  for (const index of indexes)
    if (!(await holds(() => checkIndex(index)))) broken.push(`the index ${index} does not fit its table`)
  return broken
}

/** Whether a statement runs without PostgreSQL finding damage. */
const holds = async (act: () => Promise<unknown>): Promise<boolean> => {
  try {
    await act()
    return true
  } catch (error) {
    if (error instanceof SecretsError && error.code === 'integrity') return false
    throw error
  }
}
