import { type Kysely, sql } from 'kysely'

/** Makes the tables of an audit log, without the seals of heads. It belongs to released migrations, and never changes. */
export const createAuditTables = async ({ schema }: Kysely<unknown>): Promise<void> => {
  await schema
    .createTable('audit_chains')
    .addColumn('chain_id', 'text', (column) => column.primaryKey())
    .addColumn('registered_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .addColumn('records', 'bigint', (column) => column.notNull())
    .addColumn('hash', 'blob', (column) => column.notNull())
    .execute()
  await schema
    .createTable('audit_links')
    .addColumn('chain_id', 'text', (column) => column.notNull().references('audit_chains.chain_id'))
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .addColumn('first_record', 'bigint', (column) => column.notNull())
    .addColumn('record_count', 'integer', (column) => column.notNull())
    .addColumn('records_hash', 'blob', (column) => column.notNull())
    .addColumn('previous_hash', 'blob', (column) => column.notNull())
    .addColumn('hash', 'blob', (column) => column.notNull())
    .addPrimaryKeyConstraint('audit_links_key', ['chain_id', 'seq'])
    .modifyEnd(sql`without rowid`)
    .execute()
  await schema
    .createTable('audit_records')
    .addColumn('chain_id', 'text', (column) => column.notNull().references('audit_chains.chain_id'))
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .addColumn('at_ms', 'double precision', (column) => column.notNull())
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('resource', 'text', (column) => column.notNull())
    .addColumn('decision', 'text', (column) => column.notNull())
    .addColumn('request_id', 'text', (column) => column.notNull())
    .addColumn('detail', 'text')
    .addPrimaryKeyConstraint('audit_records_key', ['chain_id', 'seq'])
    .modifyEnd(sql`without rowid`)
    .execute()
}

/** Adds the columns of `sealColumns`. */
export const addHeadSeals = async ({ schema }: Kysely<unknown>): Promise<void> => {
  for (const column of ['head_hash', 'head_mac'])
    await schema.alterTable('audit_chains').addColumn(column, 'blob').execute()
}
