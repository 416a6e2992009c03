import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely'

/** A connection of Kysely's whose failures are told by kind, for the queries that are run through Kysely itself. */
export class TranslatedConnection<Inner extends DatabaseConnection> implements DatabaseConnection {
  readonly inner: Inner
  readonly #translate: (thrown: unknown) => unknown

  constructor(inner: Inner, translate: (thrown: unknown) => unknown) {
    this.inner = inner
    this.#translate = translate
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    try {
      return await this.inner.executeQuery<R>(query)
    } catch (thrown) {
      throw this.#translate(thrown)
    }
  }

  /** Readers have streams of their own; this one is not translated. */
  streamQuery<R>(query: CompiledQuery, chunkSize?: number): AsyncIterableIterator<QueryResult<R>> {
    return this.inner.streamQuery<R>(query, chunkSize)
  }
}
