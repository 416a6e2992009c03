import type { Kysely, Migration } from 'kysely'

/** Adds how secrets are rotated, and what of it has still to be begun. */
export const secretRotations: Migration = {
  up: async ({ schema }: Kysely<unknown>): Promise<void> => {
    await schema
      .createTable('secret_rotations')
      .addColumn('secret_id', 'text', (column) => column.primaryKey().references('secrets.id').onDelete('cascade'))
      .addColumn('enabled', 'integer', (column) => column.notNull())
      .addColumn('function_arn', 'text', (column) => column.notNull())
      .addColumn('master_arn', 'text')
      .addColumn('after_days', 'integer')
      .addColumn('expression', 'text')
      .addColumn('duration', 'text')
      .addColumn('configured_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('rotated_at_ms', 'bigint')
      .addColumn('next_at_ms', 'bigint')
      .addColumn('pending_version', 'text')
      .addColumn('asked_at_ms', 'bigint', (column) => column.notNull())
      .execute()
    await schema.createIndex('secret_rotations_by_next').on('secret_rotations').columns(['next_at_ms']).execute()
    await schema
      .createIndex('secret_rotations_by_pending')
      .on('secret_rotations')
      .columns(['pending_version'])
      .execute()
  },
}
