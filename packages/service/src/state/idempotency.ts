import { createHash } from 'node:crypto'
import { SecretsError } from '@keyplane/core'
import { compileOnce, type Reader, type Statement, statement } from '@keyplane/database'
import type { CompiledQuery } from 'kysely'
import type { IdempotencyRow, StateTables } from './tables.ts'

/** A write as its caller may send it again. */
export interface RepeatableWrite {
  /** Who writes: keys are the caller's own. */
  readonly caller: string
  /** Default: sent once, or again as another write. */
  readonly key?: string | undefined
  /** Method and path. */
  readonly target: string
  /** Without what is secret in it. */
  readonly body: unknown
  readonly password?: string | undefined
}

/** What a write was answered. */
export interface WriteAnswer {
  readonly status: number
  readonly body?: unknown
}

interface KeptAnswer extends WriteAnswer {
  /** Of the password in the request. */
  readonly passwordHash?: string | undefined
  readonly nowMs: number
}

const keptMs = 24 * 3_600_000

/** Remembers answers to writes for a day, in the transaction of the write itself: there is both, or neither. */
export class Idempotency {
  readonly #reader: Reader<StateTables>
  readonly #holds: (password: string, hash: string) => Promise<boolean>
  readonly #find: (caller: string, key: string, nowMs: number) => CompiledQuery<IdempotencyRow>

  constructor(reader: Reader<StateTables>, holds: (password: string, hash: string) => Promise<boolean>) {
    this.#reader = reader
    this.#holds = holds
    this.#find = compileOnce((caller: string, key: string, nowMs: number) =>
      reader.query
        .selectFrom('idempotency')
        .selectAll()
        .where('caller', '=', caller)
        .where('key', '=', key)
        .where('expires_at_ms', '>', nowMs),
    )
  }

  /** The first answer, where there was one. @throws SecretsError `conflict` where it was to something else. */
  async answered(write: RepeatableWrite, nowMs: number): Promise<WriteAnswer | undefined> {
    if (write.key === undefined) return undefined
    const [row] = await this.#reader.all(this.#find(write.caller, write.key, nowMs))
    if (!row) return undefined
    if (row.fingerprint === fingerprintOf(write) && (await this.#samePassword(row, write)))
      return { status: row.status, ...(row.body !== null && { body: JSON.parse(row.body) as unknown }) }
    throw new SecretsError('conflict', 'This Idempotency-Key was used for another request.', {
      reason: 'idempotency_key',
    })
  }

  /** What keeps the answer; it conflicts where the key was used meanwhile. */
  statements(write: RepeatableWrite, { status, body, passwordHash, nowMs }: KeptAnswer): readonly Statement[] {
    const { caller, key } = write
    if (key === undefined) return []
    const { query } = this.#reader
    const row: IdempotencyRow = {
      caller,
      key,
      fingerprint: fingerprintOf(write),
      password_hash: passwordHash ?? null,
      status,
      body: body === undefined ? null : JSON.stringify(body),
      expires_at_ms: nowMs + keptMs,
    }
    const old = query.deleteFrom('idempotency').where('caller', '=', caller).where('key', '=', key)
    return [
      statement(old.where('expires_at_ms', '<=', nowMs).compile()),
      statement(query.insertInto('idempotency').values(row).compile(), 1),
    ]
  }

  async #samePassword({ password_hash: hash }: IdempotencyRow, { password }: RepeatableWrite): Promise<boolean> {
    if (hash === null || password === undefined) return hash === null && password === undefined
    return this.#holds(password, hash)
  }
}

/** Not of a password: a plain hash of one could be guessed. */
const fingerprintOf = ({ target, body }: RepeatableWrite): string =>
  createHash('sha256')
    .update(JSON.stringify([target, body]))
    .digest('hex')
