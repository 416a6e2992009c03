import type { Kysely, Migration } from 'kysely'

/** Gives KMS keys what their API says of them, names of the callers' own, tags and grants. */
export const kms: Migration = {
  up: async ({ schema }: Kysely<unknown>): Promise<void> => {
    await schema
      .alterTable('kms_keys')
      .addColumn('description', 'text', (column) => column.notNull().defaultTo(''))
      .execute()
    // Null is the policy that a key has by itself.
    await schema.alterTable('kms_keys').addColumn('policy', 'text').execute()
    await schema.alterTable('kms_keys').addColumn('deletion_at_ms', 'bigint').execute()
    await schema
      .alterTable('kms_keys')
      .addColumn('rotates', 'integer', (column) => column.notNull().defaultTo(0))
      .execute()
    await schema
      .createTable('kms_aliases')
      .addColumn('account', 'text', (column) => column.notNull())
      .addColumn('region', 'text', (column) => column.notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('key_id', 'text', (column) => column.notNull().references('kms_keys.key_id').onDelete('cascade'))
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('updated_at_ms', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('kms_aliases_key', ['account', 'region', 'name'])
      .execute()
    await schema
      .createTable('kms_grants')
      .addColumn('grant_id', 'text', (column) => column.primaryKey())
      .addColumn('key_id', 'text', (column) => column.notNull().references('kms_keys.key_id').onDelete('cascade'))
      .addColumn('grantee', 'text', (column) => column.notNull())
      .addColumn('retiring', 'text')
      .addColumn('operations', 'text', (column) => column.notNull())
      .addColumn('constraints', 'text')
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('issued_by', 'text', (column) => column.notNull())
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .execute()
    await schema.createIndex('kms_grants_by_key').on('kms_grants').columns(['key_id', 'created_at_ms']).execute()
    await schema
      .createTable('kms_tags')
      .addColumn('key_id', 'text', (column) => column.notNull().references('kms_keys.key_id').onDelete('cascade'))
      .addColumn('key', 'text', (column) => column.notNull())
      .addColumn('value', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('kms_tags_key', ['key_id', 'key'])
      .execute()
  },
}
