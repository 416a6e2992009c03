import { type CompiledQuery, Kysely } from 'kysely'
import type { Pool, PoolClient } from 'pg'
import type { Reader, RowStream, SnapshotRows } from '../ports.ts'
import { postgresDialect } from './dialect.ts'
import { isConnectionLost, postgresError } from './errors.ts'
import { loadPg } from './load-pg.ts'
import type { PostgresServer } from './server.ts'
import { prepared } from './session.ts'

export interface PostgresReaderOptions {
  /** Connections at most. Default 8. */
  readonly maxConnections?: number
}

/** A reader with connections of its own, which can write nothing. It connects when it is first asked. */
export const postgresReader = <Tables>(
  server: PostgresServer,
  { maxConnections = 8 }: PostgresReaderOptions = {},
): Reader<Tables> => new PostgresReader<Tables>(server, maxConnections)

const snapshotBegin = 'begin isolation level repeatable read read only'
const rowsPerFetch = 500

class PostgresReader<Tables> implements Reader<Tables> {
  readonly engine = 'postgres'
  readonly query: Kysely<Tables>
  readonly #server: PostgresServer
  readonly #max: number
  #pool: Promise<Pool> | undefined

  constructor(server: PostgresServer, max: number) {
    this.#server = server
    this.#max = max
    this.query = new Kysely<Tables>({ dialect: postgresDialect(() => this.#connections(), server.label) })
  }

  all<Row>(query: CompiledQuery<Row>): Promise<readonly Row[]> {
    return this.#repeated((client) => rowsOf(client, query))
  }

  snapshot<const Queries extends readonly CompiledQuery<unknown>[]>(queries: Queries): Promise<SnapshotRows<Queries>> {
    return this.#repeated(async (client) => {
      // All go out at once; the transaction is over before anybody waits.
      const sent = [
        client.query(snapshotBegin),
        ...queries.map((query) => rowsOf(client, query)),
        client.query('commit'),
      ]
      for (const answer of sent) answer.catch(() => undefined)
      const [, ...answers] = await Promise.all(sent)
      return answers.slice(0, queries.length) as unknown as SnapshotRows<Queries>
    })
  }

  async stream<T>(act: (rows: RowStream) => Promise<T>): Promise<T> {
    // What the act throws is its own: a full disk may be that of the file which it writes.
    let own: { readonly thrown: unknown } | undefined
    const ended = this.#connected(async (client) => {
      await client.query(`${snapshotBegin}; set local statement_timeout = 0`)
      let result: T
      try {
        result = await act((query) => pages(client, query, this.#server.label))
      } catch (thrown) {
        own = { thrown }
        throw thrown
      }
      await client.query('commit')
      return result
    })
    return ended.catch((error: unknown) => {
      throw own ? own.thrown : error
    })
  }

  async close(): Promise<void> {
    // Kysely ends the connections only if it has used them itself.
    await this.query.destroy()
    const pool = await this.#pool
    if (pool && !pool.ending) await pool.end()
  }

  #connections(): Promise<Pool> {
    this.#pool ??= openPool(this.#server, this.#max)
    return this.#pool
  }

  /** Reads change nothing: one that lost its connection is asked again over another. */
  async #repeated<T>(act: (client: PoolClient) => Promise<T>): Promise<T> {
    try {
      return await this.#connected(act)
    } catch (thrown) {
      const error = postgresError(thrown, this.#server.label)
      if (error.reason !== 'connection_lost') throw error
      return this.#connected(act)
    }
  }

  async #connected<T>(act: (client: PoolClient) => Promise<T>): Promise<T> {
    let client: PoolClient | undefined
    try {
      client = await (await this.#connections()).connect()
      const result = await act(client)
      client.release()
      return result
    } catch (thrown) {
      const error = postgresError(thrown, this.#server.label)
      // A connection may be in the middle of a transaction, or of an answer.
      if (client && isConnectionLost(error)) client.connection.stream.destroy()
      client?.release(true)
      throw error
    }
  }
}

const openPool = async ({ config }: PostgresServer, max: number): Promise<Pool> => {
  const { Pool } = await loadPg()
  const pool = new Pool({ ...config({ default_transaction_read_only: 'on' }), max, idleTimeoutMillis: 60_000 })
  // A connection that breaks while nobody uses it is left out; who asks next gets another.
  pool.on('error', () => undefined)
  // While somebody does, his query is told; an event that nobody hears would end the process.
  pool.on('connect', (client) => void client.on('error', () => undefined))
  return pool
}

const rowsOf = async <Row>(client: PoolClient, { sql, parameters }: CompiledQuery<Row>): Promise<readonly Row[]> =>
  (await client.query(prepared(sql, parameters))).rows

async function* pages<Row>(
  client: PoolClient,
  { sql, parameters }: CompiledQuery<Row>,
  label: string,
): AsyncGenerator<Row> {
  try {
    await client.query({ text: `declare page_of_rows no scroll cursor for ${sql}`, values: [...parameters] })
    let rows: readonly Row[]
    do {
      rows = (await client.query(`fetch forward ${rowsPerFetch} from page_of_rows`)).rows
      yield* rows
    } while (rows.length === rowsPerFetch)
  } catch (thrown) {
    throw postgresError(thrown, label)
  } finally {
    // Fails where the transaction has failed, which was told already.
    await client.query('close page_of_rows').catch(() => undefined)
  }
}
