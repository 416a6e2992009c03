import { type Kysely, sql } from 'kysely'
import type { StoreTables } from '../storage/tables.ts'

/** What PostgreSQL's `amcheck` can be asked for, and what is to be said of it. */
export interface Amcheck {
  readonly says: string
  /** The indexes that it can check. */
  readonly indexes: readonly string[]
  /** Fails where an index is damaged, or lacks a row of its table. */
  readonly checkIndex: (index: string) => Promise<unknown>
}

/**
 * `amcheck`, as far as this user may run it: its functions are a superuser's unless they are granted.
 * @see https://www.postgresql.org/docs/current/amcheck.html
 */
export const amcheckOf = async (query: Kysely<StoreTables>): Promise<Amcheck> => {
  const none = (says: string): Amcheck => ({ says, indexes: [], checkIndex: () => Promise.resolve() })
  const { rows } = await sql<{ schema: string; allowed: number }>`
    select n.nspname::text as schema, has_function_privilege(p.oid, 'execute')::int as allowed
    from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace
    join pg_catalog.pg_proc p on p.pronamespace = n.oid and p.proname = 'bt_index_check' and p.pronargs = 2
    where e.extname = 'amcheck' and has_schema_privilege(n.oid, 'usage')`.execute(query)
  const found = rows[0]
  if (!found) return none('indexes not checked: the extension amcheck is not installed')
  if (found.allowed !== 1) return none('indexes not checked: this user may not run amcheck’s bt_index_check')
  const indexes = await treesIn(query)
  const check = sql.ref(`${found.schema}.bt_index_check`)
  return {
    says: `${indexes.length} indexes compared with their tables by amcheck`,
    indexes,
    checkIndex: (index) => sql`select ${check}(quote_ident(${index})::regclass, true)`.execute(query),
  }
}

/** B-trees are what amcheck knows; a table's own texts lie in others, which its rows have been read from. */
const treesIn = async (query: Kysely<StoreTables>): Promise<readonly string[]> => {
  const { rows } = await sql<{ name: string }>`
    select c.relname::text as name from pg_catalog.pg_class c join pg_catalog.pg_am a on a.oid = c.relam
    where c.relnamespace = current_schema()::regnamespace and c.relkind = 'i' and a.amname = 'btree'
    order by c.relname`.execute(query)
  return rows.map(({ name }) => name)
}
