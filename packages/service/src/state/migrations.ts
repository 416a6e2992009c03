import { addHeadSeals, createAuditTables, type Migrations } from '@keyplane/database'
import type { Kysely, Migration } from 'kysely'

/** The first schema: users, their sessions, answers to repeat, and the audit log. */
const usersSessionsAudit: Migration = {
  up: async (db: Kysely<unknown>): Promise<void> => {
    await createUsers(db)
    await createIdempotency(db)
    await createAuditTables(db)
    await addHeadSeals(db)
  },
}

const createUsers = async ({ schema }: Kysely<unknown>): Promise<void> => {
  await schema
    .createTable('service')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .execute()
  await schema
    .createTable('users')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('password_hash', 'text', (column) => column.notNull())
    .addColumn('roles', 'text', (column) => column.notNull())
    .addColumn('enabled', 'integer', (column) => column.notNull())
    .addColumn('revision', 'bigint', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('changed_at_ms', 'bigint', (column) => column.notNull())
    .execute()
  await schema
    .createTable('sessions')
    .addColumn('token_hash', 'text', (column) => column.primaryKey())
    .addColumn('user_name', 'text', (column) => column.notNull().references('users.name').onDelete('cascade'))
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
    .execute()
  for (const column of ['user_name', 'expires_at_ms'])
    await schema.createIndex(`sessions_by_${column}`).on('sessions').column(column).execute()
}

const createIdempotency = async ({ schema }: Kysely<unknown>): Promise<void> => {
  await schema
    .createTable('idempotency')
    .addColumn('caller', 'text', (column) => column.notNull())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('fingerprint', 'text', (column) => column.notNull())
    .addColumn('password_hash', 'text')
    .addColumn('status', 'integer', (column) => column.notNull())
    .addColumn('body', 'text')
    .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('idempotency_key', ['caller', 'key'])
    .execute()
  await schema.createIndex('idempotency_by_expiry').on('idempotency').column('expires_at_ms').execute()
}

/** Incidents that alerts tell of. */
const incidents: Migration = {
  up: ({ schema }: Kysely<unknown>): Promise<void> =>
    schema
      .createTable('incidents')
      .addColumn('condition', 'text', (column) => column.primaryKey())
      .addColumn('incident', 'text', (column) => column.notNull())
      .addColumn('revision', 'bigint', (column) => column.notNull())
      .execute(),
}

/** Refused logins to OpenBao, by the role that they count for. */
const loginRefusals: Migration = {
  up: ({ schema }: Kysely<unknown>): Promise<void> =>
    schema
      .createTable('login_refusals')
      .addColumn('role', 'text', (column) => column.primaryKey())
      .addColumn('refusals', 'text', (column) => column.notNull())
      .addColumn('revision', 'bigint', (column) => column.notNull())
      .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
      .execute(),
}

/** The schema of the service's state, step by step. A step that was released is never changed. */
export const stateMigrations: Migrations = Object.freeze({
  '0001-users-sessions-audit': usersSessionsAudit,
  '0002-incidents': incidents,
  '0003-login-refusals': loginRefusals,
})
