import type { MessagePort } from 'node:worker_threads'
import type { AuditRecord } from '@keyplane/core'
import type { CompiledQuery, Kysely } from 'kysely'

/** What keeps the data. */
export type Engine = 'sqlite' | 'postgres'

/** What SQL may be given. */
export type SqlValue = string | number | bigint | Uint8Array | null

/** A row as a database gives it; a column of SQLite can hold any of its types. */
export type SqlRow = Readonly<Record<string, SqlValue>>

/** One compiled statement of a unit. */
export interface Statement {
  readonly sql: string
  readonly parameters: readonly SqlValue[]
  /** Rows that it must change; another number means that somebody wrote in between. Absent: any number. */
  readonly expectRows?: number
}

/** Statements that happen together or not at all, and the audit records of them. */
export interface WriteUnit {
  readonly statements: readonly Statement[]
  readonly audit: readonly AuditRecord[]
}

/** `conflict`: a statement met other rows than it expected, or a row that is unique already; nothing was written. */
export type WriteOutcome = 'committed' | 'conflict'

/** Adds to every transaction that has audit records, so that what it adds is there exactly if the units are. */
export interface BeforeCommit {
  /** Reads one row inside the transaction. */
  readonly read: Statement
  /** What is written, by that row and the records of all units that will be committed. */
  readonly write: (row: SqlRow | undefined, audit: readonly AuditRecord[]) => readonly Statement[]
}

/** Writes units to a database, many in one commit. */
export interface Writer {
  /**
   * Resolves after the commit has reached the disk.
   * @throws SecretsError `unavailable` (reasons `disk_full`, `read_only`, `io_error`, `busy`, `writer_died`,
   * `connection_lost`, `unknown_outcome`), `timeout`, `rate_limited` (`write_queue_full`), `integrity`, `closed`; nothing
   * of the unit was acknowledged then.
   */
  write(unit: WriteUnit): Promise<WriteOutcome>
  /** Whether writes are still accepted. */
  readonly alive: boolean
  /** Writes what was accepted, then ends. */
  close(): Promise<void>
}

/** A writer that other threads may write through. Closing it ends theirs too. */
export interface SharedWriter extends Writer {
  /** A port for one more writer, which shares this one's commits: `writerOver`, here or in another thread. */
  connect(): MessagePort
}

/** Rows of several queries, in the queries' order. */
export type SnapshotRows<Queries extends readonly CompiledQuery<unknown>[]> = {
  readonly [Index in keyof Queries]: Queries[Index] extends CompiledQuery<infer Row> ? readonly Row[] : never
}

/** The rows of a query, as many at a time as are kept in memory without harm. */
export type RowStream = <Row>(query: CompiledQuery<Row>) => AsyncIterable<Row>

/** Reads a database. A read sees every write that was acknowledged before it began. */
export interface Reader<Tables> {
  readonly engine: Engine
  /** Builds queries; run what it compiles with `all` and `snapshot`. */
  readonly query: Kysely<Tables>
  all<Row>(query: CompiledQuery<Row>): Promise<readonly Row[]>
  /** All queries see the same moment. */
  snapshot<const Queries extends readonly CompiledQuery<unknown>[]>(queries: Queries): Promise<SnapshotRows<Queries>>
  /** As `snapshot`, for more rows than fit in memory. On SQLite nothing else may read through it meanwhile. */
  stream<T>(act: (rows: RowStream) => Promise<T>): Promise<T>
  close(): Promise<void>
}
