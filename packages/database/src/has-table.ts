import { type Kysely, sql } from 'kysely'
import { engineOf } from './engine-of.ts'

/** Whether a database has a table. */
export const hasTable = async <Tables>(db: Kysely<Tables>, name: string): Promise<boolean> => {
  const found =
    engineOf(db) === 'postgres'
      ? sql`select 1 from pg_catalog.pg_tables where schemaname = current_schema() and tablename = ${name}`
      : sql`select 1 from sqlite_schema where type = 'table' and name = ${name}`
  return (await found.execute(db)).rows.length > 0
}
