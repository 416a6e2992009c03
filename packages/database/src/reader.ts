import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { type CompiledQuery, Kysely } from 'kysely'
import { nodeSqliteDialect } from './sqlite-dialect.ts'
import { sqliteError } from './sqlite-errors.ts'
import { statementCache } from './statement-cache.ts'

/** Rows of several queries, in the queries' order. */
export type SnapshotRows<Queries extends readonly CompiledQuery<unknown>[]> = {
  readonly [Index in keyof Queries]: Queries[Index] extends CompiledQuery<infer Row> ? readonly Row[] : never
}

/** Reads a database. A read sees every write that was acknowledged before it began. */
export interface Reader<Tables> {
  /** Builds queries; run what it compiles with `all` and `snapshot`. */
  readonly query: Kysely<Tables>
  all<Row>(query: CompiledQuery<Row>): Promise<readonly Row[]>
  /** All queries see the same moment. */
  snapshot<const Queries extends readonly CompiledQuery<unknown>[]>(queries: Queries): Promise<SnapshotRows<Queries>>
  close(): Promise<void>
}

/** A reader on an open connection, which it closes. */
export const sqliteReader = <Tables>(connection: DatabaseSync, path: string): Reader<Tables> =>
  new SqliteReader<Tables>(connection, path)

class SqliteReader<Tables> implements Reader<Tables> {
  readonly query: Kysely<Tables>
  readonly #connection: DatabaseSync
  readonly #path: string
  readonly #statement: ReturnType<typeof statementCache>

  constructor(connection: DatabaseSync, path: string) {
    this.query = new Kysely<Tables>({ dialect: nodeSqliteDialect(connection) })
    this.#connection = connection
    this.#path = path
    this.#statement = statementCache(connection)
  }

  async all<Row>(query: CompiledQuery<Row>): Promise<readonly Row[]> {
    try {
      return this.#rows(query)
    } catch (error) {
      throw sqliteError(error, this.#path)
    }
  }

  async snapshot<const Queries extends readonly CompiledQuery<unknown>[]>(
    queries: Queries,
  ): Promise<SnapshotRows<Queries>> {
    try {
      this.#statement('begin').run()
      try {
        return queries.map((query) => this.#rows(query)) as unknown as SnapshotRows<Queries>
      } finally {
        this.#statement('commit').run()
      }
    } catch (error) {
      throw sqliteError(error, this.#path)
    }
  }

  async close(): Promise<void> {
    this.#connection.close()
  }

  #rows<Row>({ sql, parameters }: CompiledQuery<Row>): readonly Row[] {
    return this.#statement(sql).all(...(parameters as readonly SQLInputValue[])) as Row[]
  }
}
