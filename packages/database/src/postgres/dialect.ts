import {
  type DatabaseConnection,
  type DataTypeNode,
  type Driver,
  type OperationNode,
  PostgresDialect,
  type PostgresDialectConfig,
  PostgresDriver,
  PostgresQueryCompiler,
  type QueryCompiler,
  type RawNode,
} from 'kysely'
import type { Pool } from 'pg'
import { TranslatedConnection } from '../translated-connection.ts'
import { postgresError } from './errors.ts'

/**
 * Kysely's PostgreSQL dialect for schemas that are written once for both engines, in SQLite's words: `blob` is `bytea`,
 * `text` has the order of its bytes, and `without rowid` says nothing. What fails is a SecretsError with the label.
 */
export const postgresDialect = (pool: () => Promise<Pool>, label: string): PostgresDialect =>
  new SharedSchemaDialect({ pool }, label)

class SharedSchemaDialect extends PostgresDialect {
  readonly #config: PostgresDialectConfig
  readonly #label: string

  constructor(config: PostgresDialectConfig, label: string) {
    super(config)
    this.#config = config
    this.#label = label
  }

  override createDriver(): Driver {
    return new TranslatingDriver(this.#config, this.#label)
  }

  override createQueryCompiler(): QueryCompiler {
    return new SharedSchemaCompiler()
  }
}

type PostgresConnection = Parameters<PostgresDriver['releaseConnection']>[0]

class TranslatingDriver extends PostgresDriver {
  readonly #label: string

  constructor(config: PostgresDialectConfig, label: string) {
    super(config)
    this.#label = label
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    try {
      const inner = await super.acquireConnection()
      return new TranslatedConnection(inner, (thrown) => postgresError(thrown, this.#label))
    } catch (thrown) {
      throw postgresError(thrown, this.#label)
    }
  }

  override releaseConnection(connection: DatabaseConnection): Promise<void> {
    return super.releaseConnection((connection as TranslatedConnection<PostgresConnection>).inner)
  }
}

class SharedSchemaCompiler extends PostgresQueryCompiler {
  protected override visitDataType(node: DataTypeNode): void {
    if ((node.dataType as string) === 'blob') this.append('bytea')
    else if (node.dataType === 'text') this.append('text collate "C"')
    else super.visitDataType(node)
  }

  protected override visitRaw(node: RawNode): void {
    if (isWithoutRowid(node)) return
    super.visitRaw(node)
  }
}

const isWithoutRowid = (node: RawNode & OperationNode): boolean =>
  node.sqlFragments.join('').trim().toLowerCase() === 'without rowid'
