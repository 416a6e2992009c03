import { type Kysely, type Migration, sql } from 'kysely'

/** Adds replicas of secrets in other regions and accounts, resource policies, and lists that skip what is being deleted. */
export const replicasPolicies: Migration = {
  up: async (db: Kysely<unknown>): Promise<void> => {
    await extendSecrets(db)
    await noteTagged(db as Kysely<TaggedSecrets>)
    await createPolicies(db)
    await createReplicas(db)
  },
}

const extendSecrets = async ({ schema }: Kysely<unknown>): Promise<void> => {
  await schema
    .alterTable('secrets')
    .addColumn('type', 'text', (column) => column.notNull().defaultTo(''))
    .execute()
  await schema
    .alterTable('secrets')
    .addColumn('tagged', 'integer', (column) => column.notNull().defaultTo(0))
    .execute()
  for (const column of ['primary_region', 'replica_of', 'primary_arn', 'primary_status'])
    await schema.alterTable('secrets').addColumn(column, 'text').execute()
  // A page costs the same however many secrets wait for their deletion.
  for (const order of ['created_at_ms', 'changed_at_ms', 'accessed_at_ms'])
    await schema
      .createIndex(`active_secrets_by_${order}`)
      .on('secrets')
      .columns(['account', 'region', order, 'id'])
      .where(sql.ref('deleted_at_ms'), 'is', null)
      .execute()
  // SQLite takes it in place of the index on all names only because it is as narrow as that one, and unique.
  await schema
    .createIndex('active_secrets_by_name')
    .unique()
    .on('secrets')
    .columns(['account', 'region', 'name'])
    .where(sql.ref('deleted_at_ms'), 'is', null)
    .execute()
}

interface TaggedSecrets {
  readonly secrets: { readonly id: string; readonly tagged: number }
  readonly secret_tags: { readonly secret_id: string }
}

/** Secrets that an earlier version gave tags. */
const noteTagged = async (db: Kysely<TaggedSecrets>): Promise<void> => {
  await db
    .updateTable('secrets')
    .set({ tagged: 1 })
    .where('id', 'in', ({ selectFrom }) => selectFrom('secret_tags').select('secret_id'))
    .execute()
}

const createPolicies = ({ schema }: Kysely<unknown>): Promise<void> =>
  schema
    .createTable('secret_policies')
    .addColumn('secret_id', 'text', (column) => column.primaryKey().references('secrets.id').onDelete('cascade'))
    .addColumn('policy', 'text', (column) => column.notNull())
    .execute()

const createReplicas = ({ schema }: Kysely<unknown>): Promise<void> =>
  schema
    .createTable('secret_replicas')
    .addColumn('primary_id', 'text', (column) => column.notNull().references('secrets.id').onDelete('cascade'))
    .addColumn('arn', 'text', (column) => column.notNull())
    .addColumn('region', 'text', (column) => column.notNull())
    .addColumn('kms_key', 'text', (column) => column.notNull())
    .addColumn('role_arn', 'text')
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('message', 'text', (column) => column.notNull())
    .addColumn('replica_id', 'text')
    .addColumn('position', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('secret_replicas_key', ['primary_id', 'arn'])
    .execute()
