import { type Clock, type Heartbeat, type Receipt, SecretsError } from '@keyplane/core'
import type { Reader, SqlValue, Writer } from '@keyplane/database'
import type { CompiledQuery } from 'kysely'
import type { ConsumerReceipt, Receipts } from '../ports/receipts.ts'
import { livesUntilMs, rememberedMs } from './liveness.ts'
import type { ReceiptTables } from './tables.ts'

export interface DatabaseReceiptsParts {
  /** Of a database that has had `receiptMigrations`. */
  readonly reader: Reader<ReceiptTables>
  readonly writer: Writer
  /** By it consumers live: processes that share the database must agree on the time to within a few seconds. */
  readonly clock: Clock
}

/** How often a process looks for consumers that are to be forgotten. */
const forgetEveryMs = 3_600_000

/** Receipts in a database, SQLite or PostgreSQL, that other processes may share. It closes neither reader nor writer. */
export const databaseReceipts = (parts: DatabaseReceiptsParts): Receipts => new DatabaseReceipts(parts)

class DatabaseReceipts implements Receipts {
  readonly #parts: DatabaseReceiptsParts
  #forgottenAtMs = -forgetEveryMs

  constructor(parts: DatabaseReceiptsParts) {
    this.#parts = parts
  }

  async receive(heartbeat: Heartbeat): Promise<void> {
    const nowMs = this.#parts.clock.nowMs()
    const { consumer, receipts } = heartbeat
    await this.#write([
      ...this.#forgetting(nowMs),
      this.#alive(heartbeat, nowMs),
      ...receipts.flatMap((receipt) => this.#noted(consumer.id, receipt, nowMs)),
      ...(heartbeat.ends ? this.#ended(consumer.id) : []),
    ])
  }

  async of(secretId: string): Promise<readonly ConsumerReceipt[]> {
    const { reader } = this.#parts
    const rows = await reader.all(
      reader.query
        .selectFrom('rotation_receipts')
        .innerJoin('rotation_consumers', 'id', 'consumer_id')
        .select(['id', 'name', 'version_id', 'used_at_ms', 'refusals', 'lives_until_ms'])
        .where('secret_id', '=', secretId)
        .compile(),
    )
    return rows.map(({ id, name, version_id, used_at_ms, refusals, lives_until_ms }) => ({
      consumer: { id, name },
      versionId: version_id,
      usedAtMs: used_at_ms,
      refusals,
      livesUntilMs: lives_until_ms,
    }))
  }

  #alive(heartbeat: Heartbeat, nowMs: number): CompiledQuery {
    const { id, name } = heartbeat.consumer
    const row = { name, lives_until_ms: livesUntilMs(nowMs, heartbeat) }
    return this.#parts.reader.query
      .insertInto('rotation_consumers')
      .values({ id, ...row })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
      .compile()
  }

  #noted(consumerId: string, receipt: Receipt, nowMs: number): readonly CompiledQuery[] {
    const { query } = this.#parts.reader
    const { secretId: secret_id, versionId: version_id, used, refusals } = receipt
    const news = { refusals, noted_at_ms: nowMs, ...(used && { used_at_ms: nowMs }) }
    const put = query
      .insertInto('rotation_receipts')
      .values({ secret_id, consumer_id: consumerId, version_id, used_at_ms: 0, ...news })
      .onConflict((conflict) =>
        conflict.columns(['secret_id', 'consumer_id', 'version_id']).doUpdateSet(({ eb }) => ({
          ...news,
          // One that began anew counts from 0; what it was refused before was refused all the same.
          refusals: eb
            .case()
            .when('rotation_receipts.refusals', '>', refusals)
            .then(eb.ref('rotation_receipts.refusals'))
            .else(refusals)
            .end(),
        })),
      )
    const forgetOlder = query
      .deleteFrom('rotation_receipts')
      .where('consumer_id', '=', consumerId)
      .where('secret_id', '=', secret_id)
      .where('noted_at_ms', '<', nowMs - rememberedMs)
    return used ? [put.compile(), forgetOlder.compile()] : [put.compile()]
  }

  /** What stays of a consumer that has ended: what it was refused. */
  #ended(consumerId: string): readonly CompiledQuery[] {
    const { query } = this.#parts.reader
    const refused = query.selectFrom('rotation_receipts').select('consumer_id').where('consumer_id', '=', consumerId)
    return [
      query.deleteFrom('rotation_receipts').where('consumer_id', '=', consumerId).where('refusals', '=', 0).compile(),
      query.updateTable('rotation_receipts').set({ used_at_ms: 0 }).where('consumer_id', '=', consumerId).compile(),
      query.deleteFrom('rotation_consumers').where('id', '=', consumerId).where('id', 'not in', refused).compile(),
    ]
  }

  /** What takes away the consumers that are gone for long, from time to time. */
  #forgetting(nowMs: number): readonly CompiledQuery[] {
    if (nowMs < this.#forgottenAtMs + forgetEveryMs) return []
    this.#forgottenAtMs = nowMs
    const { query } = this.#parts.reader
    const goneBefore = nowMs - rememberedMs
    const gone = query.selectFrom('rotation_consumers').select('id').where('lives_until_ms', '<', goneBefore)
    return [
      query.deleteFrom('rotation_receipts').where('consumer_id', 'in', gone).compile(),
      query.deleteFrom('rotation_consumers').where('lives_until_ms', '<', goneBefore).compile(),
    ]
  }

  async #write(queries: readonly CompiledQuery[]): Promise<void> {
    const statements = queries.map(({ sql, parameters }) => ({ sql, parameters: parameters as readonly SqlValue[] }))
    if ((await this.#parts.writer.write({ statements, audit: [] })) === 'committed') return
    throw new SecretsError('conflict', 'A heartbeat met another one of the same consumer.')
  }
}
