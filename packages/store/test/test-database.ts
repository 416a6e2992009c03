import { basename, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { StoreDatabase } from '@keyplane/store'
import { Client } from 'pg'

/** A superuser's address of a PostgreSQL server; absent: the tests run on SQLite. `npm run test:real` gives one. */
const server = process.env['KEYPLANE_TEST_POSTGRES']

/** The engine that these tests run on. */
export const engine: 'sqlite' | 'postgres' = server === undefined ? 'sqlite' : 'postgres'

type Row = Readonly<Record<string, unknown>>

/** Where a test's store keeps its data, and a way around the store to look at it and to damage it. */
export interface TestDatabase {
  readonly address: StoreDatabase
  /** Makes what has to be there before a store can be. */
  make(): Promise<void>
  /** Rows of a query on the store's own tables. */
  rows(query: string): Promise<readonly Row[]>
  /** Lets a kind of write fail from here on, as on a full disk. */
  fillUp(table: string, event: 'insert' | 'update'): Promise<void>
  /** Takes back what `fillUp` did. */
  makeRoom(table: string): Promise<void>
  remove(): Promise<void>
}

/** The database of a store whose other files are in a folder. */
export const testDatabase = (folder: string): TestDatabase =>
  server === undefined ? sqliteDatabase(join(folder, 'store.db')) : postgresDatabase(server, basename(folder))

const sqliteDatabase = (path: string): TestDatabase => {
  const rows = async (query: string): Promise<readonly Row[]> => {
    const database = new DatabaseSync(path, { timeout: 5_000 })
    try {
      return database.prepare(query).all()
    } finally {
      database.close()
    }
  }
  return {
    address: { databasePath: path },
    make: async () => undefined,
    rows,
    fillUp: async (table, event) => {
      await rows(`create trigger full before ${event} on ${table} begin select raise(abort, 'no room'); end`)
    },
    makeRoom: async () => {
      await rows('drop trigger full')
    },
    remove: async () => undefined,
  }
}

const postgresDatabase = (admin: string, folder: string): TestDatabase => {
  const name = folder.toLowerCase()
  const own = new URL(admin)
  own.pathname = `/${name}`
  const rows = (query: string): Promise<readonly Row[]> => askPostgres(own.href, query)
  return {
    address: { databaseUrl: own.href },
    make: async () => {
      const found = await askPostgres(admin, `select 1 from pg_database where datname = '${name}'`)
      // Its texts are in a language's order, so that it shows where the schema does not ask for that of their bytes.
      const order = "locale 'C.UTF-8' locale_provider icu icu_locale 'en-US'"
      if (found.length === 0) await askPostgres(admin, `create database "${name}" template template0 ${order}`)
    },
    rows,
    fillUp: async (table, event) => {
      await rows(`create or replace function full_disk() returns trigger language plpgsql as
        $$ begin raise exception 'no room' using errcode = 'disk_full'; end $$`)
      await rows(`create trigger full_disk before ${event} on ${table} for each row execute function full_disk()`)
    },
    makeRoom: async (table) => {
      await rows(`drop trigger full_disk on ${table}`)
    },
    remove: async () => {
      await askPostgres(admin, `drop database if exists "${name}" with (force)`)
    },
  }
}

const askPostgres = async (connectionString: string, query: string): Promise<readonly Row[]> => {
  const client = new Client({ connectionString })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query<Row>(query)).rows
  } finally {
    await client.end()
  }
}
