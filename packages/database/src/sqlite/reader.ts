import { setImmediate } from 'node:timers/promises'
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { type CompiledQuery, Kysely } from 'kysely'
import type { Reader, RowStream, SnapshotRows } from '../ports.ts'
import { nodeSqliteDialect } from './dialect.ts'
import { sqliteError } from './errors.ts'
import { statementCache } from './statement-cache.ts'

/** A reader on an open connection, which it closes. */
export const sqliteReader = <Tables>(connection: DatabaseSync, path: string): Reader<Tables> =>
  new SqliteReader<Tables>(connection, path)

const rowsPerTurn = 500

class SqliteReader<Tables> implements Reader<Tables> {
  readonly engine = 'sqlite'
  readonly query: Kysely<Tables>
  readonly #connection: DatabaseSync
  readonly #path: string
  readonly #statement: ReturnType<typeof statementCache>

  constructor(connection: DatabaseSync, path: string) {
    this.query = new Kysely<Tables>({ dialect: nodeSqliteDialect(connection, path) })
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

  async stream<T>(act: (rows: RowStream) => Promise<T>): Promise<T> {
    this.#run('begin')
    let result: T
    try {
      // What the act throws is its own: a full disk may be that of the file which it writes.
      result = await act((query) => this.#pages(query))
    } catch (error) {
      // A full disk may have ended it already; what failed first is told.
      if (this.#connection.isTransaction) this.#run('rollback')
      throw error
    }
    this.#run('commit')
    return result
  }

  async close(): Promise<void> {
    this.#connection.close()
  }

  async *#pages<Row>({ sql, parameters }: CompiledQuery<Row>): AsyncGenerator<Row> {
    let read = 0
    try {
      for (const row of this.#connection.prepare(sql).iterate(...(parameters as readonly SQLInputValue[]))) {
        yield row as Row
        // The event loop turns now and then, for signals and for whoever shows the progress.
        if ((read += 1) % rowsPerTurn === 0) await setImmediate()
      }
    } catch (error) {
      throw sqliteError(error, this.#path)
    }
  }

  #run(sql: 'begin' | 'commit' | 'rollback'): void {
    try {
      this.#statement(sql).run()
    } catch (error) {
      throw sqliteError(error, this.#path)
    }
  }

  #rows<Row>({ sql, parameters }: CompiledQuery<Row>): readonly Row[] {
    return this.#statement(sql).all(...(parameters as readonly SQLInputValue[])) as Row[]
  }
}
