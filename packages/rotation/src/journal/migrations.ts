import type { Migrations } from '@keyplane/database'
import type { Kysely, Migration } from 'kysely'

const rotations: Migration = {
  up: async ({ schema }: Kysely<unknown>): Promise<void> => {
    await schema
      .createTable('rotations')
      .addColumn('secret_id', 'text', (column) => column.notNull().primaryKey())
      .addColumn('fence', 'bigint', (column) => column.notNull())
      .addColumn('holder', 'text', (column) => column.notNull())
      .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('revision', 'bigint', (column) => column.notNull())
      .addColumn('is_open', 'integer', (column) => column.notNull())
      .addColumn('due_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('record', 'text')
      .execute()
    await schema
      .createIndex('rotations_by_due')
      .on('rotations')
      .columns(['is_open', 'due_at_ms', 'secret_id'])
      .execute()
  },
}

/** The schema of `databaseJournal`, among the migrations of whoever opens the database. A step that was released stays. */
export const rotationMigrations: Migrations = Object.freeze({ 'rotation-0001-rotations': rotations })
