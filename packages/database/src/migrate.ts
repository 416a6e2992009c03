import { SecretsError } from '@keyplane/core'
import { type Kysely, type Migration, Migrator, sql } from 'kysely'

/** Migrations by name; they run in the order of their names. */
export type Migrations = Readonly<Record<string, Migration>>

/**
 * Brings a database to the newest schema: forward only, all of it or nothing. Gives the names of what ran.
 * @throws SecretsError `unsupported` (reason `newer_schema`) if a newer version has been here; nothing is changed then.
 */
export const migrate = async (db: Kysely<unknown>, migrations: Migrations): Promise<readonly string[]> => {
  await refuseNewerSchema(db, migrations)
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...migrations }) } })
  const { error, results } = await migrator.migrateToLatest()
  if (error) throw new SecretsError('internal', 'The database could not be migrated; see the cause.', { cause: error })
  return (results ?? []).map((result) => result.migrationName)
}

/** @throws SecretsError `unsupported` (reason `newer_schema`) if a migration has run that is not known here. */
export const refuseNewerSchema = async (db: Kysely<unknown>, migrations: Migrations): Promise<void> => {
  const tables = await sql<{ name: string }>`select name from sqlite_schema where name = 'kysely_migration'`.execute(db)
  if (tables.rows.length === 0) return
  const done = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db)
  const unknown = done.rows.filter(({ name }) => !Object.hasOwn(migrations, name))
  if (unknown.length > 0)
    throw new SecretsError(
      'unsupported',
      `The database was written by a newer version (it has ${unknown.map(({ name }) => name).join(', ')}). Use that version, or restore a backup.`,
      { reason: 'newer_schema' },
    )
}
