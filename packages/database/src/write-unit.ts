import type { AuditRecord } from '@keyplane/core'

/** What SQL may be given. */
export type SqlValue = string | number | bigint | Uint8Array | null

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

/** Runs one statement inside the batch's transaction. */
export interface BatchTransaction {
  run(sql: string, parameters: readonly SqlValue[]): void
  get(sql: string, parameters: readonly SqlValue[]): Readonly<Record<string, SqlValue>> | undefined
}

/** What `openWriter` hands to its thread beside the path: keys and texts, copied. */
export type ThreadData = Readonly<Record<string, string | Uint8Array>>

/** Runs in the writer's thread, inside the transaction, with the audit records of all units that will be committed. */
export type BeforeCommit = (
  transaction: BatchTransaction,
  audit: readonly AuditRecord[],
  threadData: ThreadData,
) => void

/** Writes units to a database, many in one commit. */
export interface Writer {
  /**
   * Resolves after the commit has reached the disk.
   * @throws SecretsError `unavailable` (reasons `disk_full`, `read_only`, `io_error`, `writer_died`), `rate_limited`
   * (`write_queue_full`), `integrity`, `closed`; nothing of the unit was acknowledged then.
   */
  write(unit: WriteUnit): Promise<WriteOutcome>
  /** Whether writes are still accepted. */
  readonly alive: boolean
  /** Writes what was accepted, then ends. */
  close(): Promise<void>
}
