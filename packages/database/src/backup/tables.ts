import { SecretsError } from '@keyplane/core'
import { type Kysely, sql } from 'kysely'
import { engineOf } from '../engine-of.ts'

/** A table with its columns, in their order. */
export interface TableShape {
  readonly name: string
  readonly columns: readonly string[]
}

interface Reference {
  readonly child: string
  readonly parent: string
}

/** The tables of a database, each behind those that it refers to; those of the migrations left out. */
export const tablesOf = async (db: Kysely<unknown>): Promise<readonly TableShape[]> => {
  const shapes = engineOf(db) === 'postgres' ? await postgresTables(db) : await sqliteTables(db)
  const references = engineOf(db) === 'postgres' ? await postgresReferences(db) : await sqliteReferences(db)
  return inOrder(shapes, references)
}

const sqliteTables = async (db: Kysely<unknown>): Promise<readonly TableShape[]> => {
  const { rows } = await sql<{ name: string; column: string }>`
    select t.name, c.name as "column" from sqlite_schema t join pragma_table_info(t.name) c
    where t.type = 'table' and t.name not like 'sqlite_%' and t.name not like 'kysely_%' order by t.name, c.cid`.execute(
    db,
  )
  return gathered(rows)
}

const postgresTables = async (db: Kysely<unknown>): Promise<readonly TableShape[]> => {
  const { rows } = await sql<{ name: string; column: string }>`
    select c.table_name::text as name, c.column_name::text as "column" from information_schema.columns c
    join pg_catalog.pg_tables t on t.schemaname = c.table_schema and t.tablename = c.table_name
    where c.table_schema = current_schema() and c.table_name not like 'kysely_%'
    order by c.table_name, c.ordinal_position`.execute(db)
  return gathered(rows)
}

const gathered = (rows: readonly { readonly name: string; readonly column: string }[]): readonly TableShape[] => {
  const columns = new Map<string, string[]>()
  for (const { name, column } of rows) columns.set(name, [...(columns.get(name) ?? []), column])
  return [...columns].map(([name, names]) => ({ name, columns: names }))
}

const sqliteReferences = async (db: Kysely<unknown>): Promise<readonly Reference[]> =>
  (
    await sql<Reference>`
      select t.name as child, f."table" as parent from sqlite_schema t join pragma_foreign_key_list(t.name) f
      where t.type = 'table'`.execute(db)
  ).rows

const postgresReferences = async (db: Kysely<unknown>): Promise<readonly Reference[]> =>
  (
    await sql<Reference>`
      select child.relname::text as child, parent.relname::text as parent from pg_catalog.pg_constraint f
      join pg_catalog.pg_class child on child.oid = f.conrelid
      join pg_catalog.pg_class parent on parent.oid = f.confrelid where f.contype = 'f'`.execute(db)
  ).rows

const inOrder = (shapes: readonly TableShape[], references: readonly Reference[]): readonly TableShape[] => {
  const placed = new Set<string>()
  const ordered: TableShape[] = []
  let left = shapes
  while (left.length > 0) {
    const ready = left.filter(({ name }) =>
      references.every(({ child, parent }) => child !== name || parent === name || placed.has(parent)),
    )
    if (ready.length === 0) throw new SecretsError('internal', 'The tables refer to each other in a circle.')
    for (const shape of ready) placed.add(shape.name)
    ordered.push(...ready)
    left = left.filter(({ name }) => !placed.has(name))
  }
  return ordered
}
