import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import {
  CompiledQuery,
  type DatabaseConnection,
  type DialectAdapter,
  type Driver,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDialect,
  type SqliteDialectConfig,
  SqliteDriver,
} from 'kysely'
import { TranslatedConnection } from '../translated-connection.ts'
import { sqliteError } from './errors.ts'

/** Kysely's SQLite dialect on an open node:sqlite connection. What fails is a SecretsError that names the file. */
export const nodeSqliteDialect = (connection: DatabaseSync, path: string): SqliteDialect =>
  new NodeSqliteDialect({ database: asKyselyDatabase(connection) }, path)

class NodeSqliteDialect extends SqliteDialect {
  readonly #config: SqliteDialectConfig
  readonly #path: string

  constructor(config: SqliteDialectConfig, path: string) {
    super(config)
    this.#config = config
    this.#path = path
  }

  override createDriver(): Driver {
    return new WritingDriver(this.#config, this.#path)
  }

  override createAdapter(): DialectAdapter {
    return new TransactionalAdapter()
  }
}

/** SQLite rolls table changes back like any others; Kysely's own adapter does not use that. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

/** Its transactions write: one that took the lock for it only midway would fail at once where another process has it. */
class WritingDriver extends SqliteDriver {
  readonly #path: string

  constructor(config: SqliteDialectConfig, path: string) {
    super(config)
    this.#path = path
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    return new TranslatedConnection(await super.acquireConnection(), (thrown) => sqliteError(thrown, this.#path))
  }

  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'))
  }
}

const asKyselyDatabase = (connection: DatabaseSync): SqliteDatabase => ({
  close: () => connection.close(),
  prepare: (sql) => {
    const statement = connection.prepare(sql)
    return {
      reader: statement.columns().length > 0,
      all: (parameters) => statement.all(...(parameters as SQLInputValue[])),
      run: (parameters) => statement.run(...(parameters as SQLInputValue[])),
      iterate: (parameters) => statement.iterate(...(parameters as SQLInputValue[])),
    }
  },
})
