import { SecretsError, systemClock } from '@keyplane/core'
import { type Kysely, type Migration, sql } from 'kysely'
import { hasTable } from './has-table.ts'

/** Migrations by name; they run in the order of their names. */
export type Migrations = Readonly<Record<string, Migration>>

interface Bookkeeping {
  readonly kysely_migration: { readonly name: string; readonly timestamp: string }
  readonly kysely_migration_lock: { readonly id: string; readonly is_locked: number }
}

/**
 * Brings a database to the newest schema, or to that of the migration `upTo`: forward only, all of it or nothing. Gives
 * the names of what ran. Its tables are those of Kysely's own migrator, which cannot run inside a transaction.
 * @throws SecretsError `unsupported` (reason `newer_schema`) if a newer version has been here; nothing is changed then.
 */
export const migrate = async (
  db: Kysely<unknown>,
  migrations: Migrations,
  upTo?: string,
): Promise<readonly string[]> => {
  await refuseNewerSchema(db, migrations)
  const act = (transaction: Kysely<unknown>): Promise<readonly string[]> => migrateIn(transaction, migrations, upTo)
  try {
    return await (db.isTransaction ? act(db) : db.transaction().execute(act))
  } catch (cause) {
    if (cause instanceof SecretsError) throw cause
    throw new SecretsError('internal', 'The database could not be migrated; see the cause.', { cause })
  }
}

const migrateIn = async (
  db: Kysely<unknown>,
  migrations: Migrations,
  upTo: string | undefined,
): Promise<readonly string[]> => {
  await makeBookkeeping(db)
  const done = new Set(await migrationsOf(db))
  const missing = Object.keys(migrations)
    .filter((name) => !done.has(name) && (upTo === undefined || name <= upTo))
    .sort()
  const books = db as Kysely<Bookkeeping>
  for (const name of missing) {
    await migrations[name]?.up(db)
    const timestamp = new Date(systemClock.nowMs()).toISOString()
    await books.insertInto('kysely_migration').values({ name, timestamp }).execute()
  }
  return missing
}

const makeBookkeeping = async (db: Kysely<unknown>): Promise<void> => {
  if (await hasTable(db, 'kysely_migration')) return
  await db.schema
    .createTable('kysely_migration')
    .ifNotExists()
    .addColumn('name', 'varchar(255)', (column) => column.notNull().primaryKey())
    .addColumn('timestamp', 'varchar(255)', (column) => column.notNull())
    .execute()
  await db.schema
    .createTable('kysely_migration_lock')
    .ifNotExists()
    .addColumn('id', 'varchar(255)', (column) => column.notNull().primaryKey())
    .addColumn('is_locked', 'integer', (column) => column.notNull().defaultTo(0))
    .execute()
  const books = db as Kysely<Bookkeeping>
  await books.insertInto('kysely_migration_lock').values({ id: 'migration_lock', is_locked: 0 }).execute()
}

/** The migrations that a database has had, in their order. */
export const migrationsOf = async (db: Kysely<unknown>): Promise<readonly string[]> => {
  if (!(await hasTable(db, 'kysely_migration'))) return []
  const done = await sql<{ name: string }>`select name from kysely_migration`.execute(db)
  return done.rows.map(({ name }) => name).sort()
}

/** @throws SecretsError `unsupported` (reason `newer_schema`) if a migration has run that is not known here. */
export const refuseNewerSchema = async (db: Kysely<unknown>, migrations: Migrations): Promise<void> => {
  const unknown = (await migrationsOf(db)).filter((name) => !Object.hasOwn(migrations, name))
  if (unknown.length > 0)
    throw new SecretsError(
      'unsupported',
      `The database was written by a newer version (it has ${unknown.join(', ')}). Use that version, or restore a backup.`,
      { reason: 'newer_schema' },
    )
}
