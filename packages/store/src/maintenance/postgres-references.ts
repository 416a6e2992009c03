import { type Kysely, sql } from 'kysely'
import type { StoreTables } from '../storage/tables.ts'

interface Reference {
  readonly child: string
  readonly parent: string
  /** The columns that refer, and those that are referred to, in the same order. */
  readonly columns: readonly string[]
  readonly referred: readonly string[]
}

/** Rows that refer to none: PostgreSQL lets none be written, but does not look at those that a damage has left. */
export const danglingRows = async (query: Kysely<StoreTables>): Promise<readonly string[]> => {
  const dangling: string[] = []
  for (const reference of await references(query)) {
    const { child, parent, columns, referred } = reference
    const both = columns.map((column, index) => sql`c.${sql.ref(column)} = p.${sql.ref(referred[index] ?? column)}`)
    const named = columns.map((column) => sql`c.${sql.ref(column)} is not null`)
    const { rows } = await sql`
      select 1 from ${sql.table(child)} as c where ${sql.join(named, sql` and `)}
      and not exists (select 1 from ${sql.table(parent)} as p where ${sql.join(both, sql` and `)}) limit 1`.execute(
      query,
    )
    if (rows.length > 0) dangling.push(`a row of ${child} refers to none of ${parent}`)
  }
  return dangling
}

const references = async (query: Kysely<StoreTables>): Promise<readonly Reference[]> => {
  const { rows } = await sql<{ child: string; parent: string; columns: string; referred: string }>`
    select child.relname::text as child, parent.relname::text as parent,
      (select json_agg(a.attname order by k.place) from unnest(f.conkey) with ordinality as k(number, place)
       join pg_catalog.pg_attribute a on a.attrelid = f.conrelid and a.attnum = k.number)::text as columns,
      (select json_agg(a.attname order by k.place) from unnest(f.confkey) with ordinality as k(number, place)
       join pg_catalog.pg_attribute a on a.attrelid = f.confrelid and a.attnum = k.number)::text as referred
    from pg_catalog.pg_constraint f join pg_catalog.pg_class child on child.oid = f.conrelid
    join pg_catalog.pg_class parent on parent.oid = f.confrelid
    where f.contype = 'f' and f.connamespace = current_schema()::regnamespace`.execute(query)
  return rows.map(({ child, parent, columns, referred }) => ({
    child,
    parent,
    columns: JSON.parse(columns) as string[],
    referred: JSON.parse(referred) as string[],
  }))
}
