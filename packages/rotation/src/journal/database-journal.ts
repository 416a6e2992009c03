import type { AuditRecord, Clock } from '@keyplane/core'
import { compileOnce, type Reader, type SqlValue, type Statement, type Writer } from '@keyplane/database'
import type { CompiledQuery } from 'kysely'
import { dueAtMs, urgencyOf } from '../machine/rotation.ts'
import type { JournalEntry, JournalWrite, RotationJournal, RotationLease } from '../ports/journal.ts'
import type { RotationNotice } from '../ports/notices.ts'
import { isAnothers } from './lease-time.ts'
import { rotationOf, rotationText } from './parse-rotation.ts'
import type { RotationRow, RotationTables } from './tables.ts'

export interface DatabaseJournalParts {
  /** Of a database that has had `rotationMigrations`. */
  readonly reader: Reader<RotationTables>
  readonly writer: Writer
  /** Leases end by it: processes that share the database must agree on the time to within a few seconds. */
  readonly clock: Clock
  /** Audit records of a step, which are written with it or not at all. Default: none. */
  readonly audit?: (notice: RotationNotice) => Promise<readonly AuditRecord[]>
}

/** Rotations in a database, SQLite or PostgreSQL, that other processes may share. It closes neither reader nor writer. */
export const databaseJournal = (parts: DatabaseJournalParts): RotationJournal => new DatabaseJournal(parts)

class DatabaseJournal implements RotationJournal {
  readonly #reader: Reader<RotationTables>
  readonly #writer: Writer
  readonly #clock: Clock
  readonly #audit: DatabaseJournalParts['audit']
  readonly #row: (secretId: string) => CompiledQuery<RotationRow>

  constructor({ reader, writer, clock, audit }: DatabaseJournalParts) {
    this.#reader = reader
    this.#writer = writer
    this.#clock = clock
    this.#audit = audit
    this.#row = compileOnce((secretId: string) =>
      reader.query.selectFrom('rotations').selectAll().where('secret_id', '=', secretId),
    )
  }

  async load(secretId: string): Promise<JournalEntry | undefined> {
    const [row] = await this.#reader.all(this.#row(secretId))
    if (!row || row.record === null) return undefined
    return { rotation: rotationOf(secretId, row.record), revision: row.revision }
  }

  async lease(secretId: string, holder: string, ttlMs: number): Promise<RotationLease | undefined> {
    const [row] = await this.#reader.all(this.#row(secretId))
    const nowMs = this.#clock.nowMs()
    if (row && isAnothers({ holder: row.holder, expiresAtMs: row.expires_at_ms }, holder, nowMs)) return undefined
    const lease = { secretId, holder, fence: (row?.fence ?? 0) + 1, expiresAtMs: nowMs + ttlMs }
    const isTaken = await this.#commit(row ? this.#takeOver(row, lease) : this.#insert(lease))
    return isTaken ? lease : undefined
  }

  async renew(lease: RotationLease, ttlMs: number): Promise<RotationLease | undefined> {
    const renewed = { ...lease, expiresAtMs: this.#clock.nowMs() + ttlMs }
    const isRenewed = await this.#commit(
      this.#held(lease).set({ holder: lease.holder, expires_at_ms: renewed.expiresAtMs }).compile(),
    )
    return isRenewed ? renewed : undefined
  }

  async release(lease: RotationLease): Promise<void> {
    await this.#commit(this.#held(lease).set({ holder: '' }).compile())
  }

  async write(lease: RotationLease, { rotation, over, notice }: JournalWrite): Promise<number | undefined> {
    const revision = over + 1
    const audit = (notice && (await this.#audit?.(notice))) ?? []
    const isWritten = await this.#commit(
      this.#held(lease)
        .set({
          revision,
          is_open: urgencyOf(rotation),
          due_at_ms: dueAtMs(rotation),
          record: rotationText(rotation),
        })
        .where('revision', '=', over)
        .compile(),
      audit,
    )
    return isWritten ? revision : undefined
  }

  async due(atMs: number, limit: number): Promise<readonly string[]> {
    const rows = await this.#reader.all(
      this.#reader.query
        .selectFrom('rotations')
        .select('secret_id')
        .where('is_open', '>', 0)
        .where('due_at_ms', '<=', atMs)
        .orderBy('is_open', 'desc')
        .orderBy('due_at_ms')
        .orderBy('secret_id')
        .limit(limit)
        .compile(),
    )
    return rows.map(({ secret_id }) => secret_id)
  }

  #held({ secretId, holder, fence }: RotationLease) {
    return this.#reader.query
      .updateTable('rotations')
      .where('secret_id', '=', secretId)
      .where('holder', '=', holder)
      .where('fence', '=', fence)
  }

  #takeOver({ fence: seen }: RotationRow, { secretId, fence, holder, expiresAtMs }: RotationLease): CompiledQuery {
    return this.#reader.query
      .updateTable('rotations')
      .set({ fence, holder, expires_at_ms: expiresAtMs })
      .where('secret_id', '=', secretId)
      .where('fence', '=', seen)
      .compile()
  }

  #insert({ secretId, fence, holder, expiresAtMs }: RotationLease): CompiledQuery {
    return this.#reader.query
      .insertInto('rotations')
      .values({
        secret_id: secretId,
        fence,
        holder,
        expires_at_ms: expiresAtMs,
        revision: 0,
        is_open: 0,
        due_at_ms: 0,
        record: null,
      })
      .compile()
  }

  async #commit({ sql, parameters }: CompiledQuery, audit: readonly AuditRecord[] = []): Promise<boolean> {
    const statement: Statement = { sql, parameters: parameters as readonly SqlValue[], expectRows: 1 }
    return (await this.#writer.write({ statements: [statement], audit })) === 'committed'
  }
}
