import type { Migrations } from '@keyplane/database'
import type { Kysely, Migration } from 'kysely'

const receipts: Migration = {
  up: async ({ schema }: Kysely<unknown>): Promise<void> => {
    await schema
      .createTable('rotation_consumers')
      .addColumn('id', 'text', (column) => column.notNull().primaryKey())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('lives_until_ms', 'bigint', (column) => column.notNull())
      .execute()
    await schema
      .createTable('rotation_receipts')
      .addColumn('secret_id', 'text', (column) => column.notNull())
      .addColumn('consumer_id', 'text', (column) => column.notNull())
      .addColumn('version_id', 'text', (column) => column.notNull())
      .addColumn('used_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('refusals', 'bigint', (column) => column.notNull())
      .addColumn('noted_at_ms', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('rotation_receipts_key', ['secret_id', 'consumer_id', 'version_id'])
      .execute()
    await schema
      .createIndex('rotation_receipts_by_consumer')
      .on('rotation_receipts')
      .columns(['consumer_id', 'secret_id'])
      .execute()
  },
}

/** The schema of `databaseReceipts`, beside `rotationMigrations`. A step that was released stays. */
export const receiptMigrations: Migrations = Object.freeze({ 'rotation-0002-receipts': receipts })
