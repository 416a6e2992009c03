import { createAuditTables } from '@keyplane/database'
import { type Kysely, type Migration, sql } from 'kysely'

/** The first schema: the store, its keys, secrets with versions and labels, and the audit chain. */
export const secretsKeysAudit: Migration = {
  up: async (db: Kysely<unknown>): Promise<void> => {
    await createKeys(db)
    await createSecrets(db)
    await createVersions(db)
    await createAuditTables(db)
  },
}

const createKeys = async ({ schema }: Kysely<unknown>): Promise<void> => {
  await schema
    .createTable('store')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('root_key_source', 'text', (column) => column.notNull())
    .addColumn('root_key_descriptor', 'text', (column) => column.notNull())
    .addColumn('root_key_check', 'blob', (column) => column.notNull())
    .execute()
  await schema
    .createTable('kms_keys')
    .addColumn('key_id', 'text', (column) => column.primaryKey())
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('region', 'text', (column) => column.notNull())
    .addColumn('alias', 'text')
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('current_material', 'integer', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addUniqueConstraint('kms_keys_alias', ['account', 'region', 'alias'])
    .execute()
  await schema
    .createTable('kms_key_materials')
    .addColumn('key_id', 'text', (column) => column.notNull().references('kms_keys.key_id'))
    .addColumn('material', 'integer', (column) => column.notNull())
    .addColumn('wrapped', 'blob', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('kms_key_materials_key', ['key_id', 'material'])
    .execute()
}

const createSecrets = async ({ schema }: Kysely<unknown>): Promise<void> => {
  await schema
    .createTable('secrets')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('region', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('arn', 'text', (column) => column.notNull().unique())
    .addColumn('description', 'text', (column) => column.notNull())
    .addColumn('kms_key', 'text', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('changed_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('accessed_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('deleted_at_ms', 'bigint')
    .addColumn('gone_at_ms', 'bigint')
    .addColumn('revision', 'bigint', (column) => column.notNull())
    .addUniqueConstraint('secrets_name', ['account', 'region', 'name'])
    .execute()
  // One index for each order in which a list is paged, so that a page costs the same however many secrets there are.
  for (const order of ['created_at_ms', 'changed_at_ms', 'accessed_at_ms'])
    await schema.createIndex(`secrets_by_${order}`).on('secrets').columns(['account', 'region', order, 'id']).execute()
  await schema
    .createIndex('secrets_by_gone_at_ms')
    .on('secrets')
    .column('gone_at_ms')
    .where(sql.ref('gone_at_ms'), 'is not', null)
    .execute()
  await schema
    .createTable('secret_tags')
    .addColumn('secret_id', 'text', (column) => column.notNull().references('secrets.id').onDelete('cascade'))
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('value', 'text', (column) => column.notNull())
    .addColumn('position', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('secret_tags_key', ['secret_id', 'key'])
    .execute()
}

const createVersions = async ({ schema }: Kysely<unknown>): Promise<void> => {
  await schema
    .createTable('secret_versions')
    .addColumn('secret_id', 'text', (column) => column.notNull().references('secrets.id').onDelete('cascade'))
    .addColumn('version_id', 'text', (column) => column.notNull())
    .addColumn('ordinal', 'bigint', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('accessed_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('kind', 'text')
    .addColumn('sealed_value', 'blob')
    .addColumn('wrapped_data_key', 'blob')
    .addColumn('kms_key_id', 'text', (column) => column.references('kms_keys.key_id'))
    .addColumn('kms_material', 'integer')
    .addPrimaryKeyConstraint('secret_versions_key', ['secret_id', 'version_id'])
    .execute()
  await schema
    .createIndex('secret_versions_by_age')
    .on('secret_versions')
    .columns(['secret_id', 'created_at_ms', 'ordinal'])
    .execute()
  await schema
    .createTable('version_stages')
    .addColumn('secret_id', 'text', (column) => column.notNull())
    .addColumn('label', 'text', (column) => column.notNull())
    .addColumn('version_id', 'text', (column) => column.notNull())
    .addColumn('position', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('version_stages_key', ['secret_id', 'label'])
    .addForeignKeyConstraint(
      'version_stages_version',
      ['secret_id', 'version_id'],
      'secret_versions',
      ['secret_id', 'version_id'],
      (constraint) => constraint.onDelete('cascade'),
    )
    .execute()
  await schema
    .createIndex('version_stages_by_version')
    .on('version_stages')
    .columns(['secret_id', 'version_id', 'position'])
    .execute()
}
