import { compileOnce, type Reader, type Statement, statement } from '@keyplane/database'
import type { FencedWrite } from '@keyplane/rotation'
import { sql } from 'kysely'
import { dayMs } from '../day.ts'
import type { SecretRotationRow, StoreTables } from './tables.ts'

/**
 * Reads how secrets are rotated, and gives the statements that change it. A secret that waits for its deletion is neither
 * pending nor due.
 */
export interface SecretRotationsTable {
  of(secretId: string): Promise<SecretRotationRow | undefined>
  ofAll(secretIds: readonly string[]): Promise<readonly SecretRotationRow[]>
  /** Those whose rotation was asked for and has not been settled; those that wait until they are tried again come last. */
  pending(limit: number): Promise<readonly PendingRotation[]>
  /** Those whose time has come and that are not being rotated. */
  due(nowMs: number, limit: number): Promise<readonly SecretRotationRow[]>
  /** The secrets that are not there any more, of whose rotations the journal still has a record. */
  forgotten(limit: number): Promise<readonly string[]>
  forget(secretId: string): Statement
  /** Throws the journal's record away, of whoever may still work by it too. */
  unrecord(secretId: string): Statement
  /** The token of the lease on a secret that was taken last; 0 where there was none. */
  fenceOf(secretId: string): Promise<number>
  /** Changes nothing, and is a conflict once a lease with a greater token was taken. */
  requireFence(write: FencedWrite): Statement
  put(row: SecretRotationRow): Statement
  /** Moves the next rotation to another moment, unless it was moved already. */
  putOff(row: SecretRotationRow, untilMs: number): Statement
  /** When one last succeeded, and since when the one that waits longest is due, or is under way; null for none. */
  times(): Promise<RotationTimes>
  /** Counts a secret's days from a moment: a value that was written by hand is a rotation too. */
  countDaysFrom(secretId: string, nowMs: number): Statement
  /** Ends a rotation that was asked for, unless another one was since. */
  settle(row: SecretRotationRow, settled: SettledRotation): Statement
}

export interface PendingRotation extends Pick<SecretRotationRow, 'secret_id' | 'enabled'> {
  /** Nothing is done for it before; 0 where nothing is waited for. */
  readonly due_at_ms: number
}

export interface RotationTimes {
  readonly rotatedAtMs: number | null
  readonly waitingSinceMs: number | null
}

export type SettledRotation = Pick<SecretRotationRow, 'rotated_at_ms' | 'next_at_ms'>

export const secretRotationsTable = (reader: Reader<StoreTables>): SecretRotationsTable => {
  const { query } = reader
  const isKept = sql<boolean>`exists (
    select 1 from secrets where secrets.id = secret_rotations.secret_id and secrets.deleted_at_ms is null
  )`
  const dueAt = sql<number>`coalesce(rotations.due_at_ms, 0)`
  const of = compileOnce((id: string) => query.selectFrom('secret_rotations').selectAll().where('secret_id', '=', id))
  return {
    of: async (secretId) => (await reader.all(of(secretId)))[0],
    ofAll: async (secretIds) =>
      secretIds.length === 0
        ? []
        : reader.all(query.selectFrom('secret_rotations').selectAll().where('secret_id', 'in', secretIds).compile()),
    pending: (limit) =>
      reader.all(
        query
          .selectFrom('secret_rotations')
          .leftJoin('rotations', 'rotations.secret_id', 'secret_rotations.secret_id')
          .select(['secret_rotations.secret_id', 'enabled', dueAt.as('due_at_ms')])
          .where('pending_version', 'is not', null)
          .where(isKept)
          .orderBy(dueAt)
          .orderBy('asked_at_ms')
          .limit(limit)
          .compile(),
      ),
    due: (nowMs, limit) =>
      reader.all(
        query
          .selectFrom('secret_rotations')
          .selectAll()
          .where('next_at_ms', '<=', nowMs)
          .where('enabled', '=', 1)
          .where('pending_version', 'is', null)
          .where(isKept)
          .orderBy('next_at_ms')
          .limit(limit)
          .compile(),
      ),
    times: async () => {
      const since = sql<number | null>`min(case when pending_version is null then next_at_ms else asked_at_ms end)`
      const [waiting, rotated] = await Promise.all([
        reader.all(
          query
            .selectFrom('secret_rotations')
            .select(since.as('since'))
            .where('enabled', '=', 1)
            .where(isKept)
            .compile(),
        ),
        reader.all(
          query
            .selectFrom('secret_rotations')
            .select(({ fn }) => fn.max('rotated_at_ms').as('at'))
            .compile(),
        ),
      ])
      return { rotatedAtMs: rotated[0]?.at ?? null, waitingSinceMs: waiting[0]?.since ?? null }
    },
    forgotten: async (limit) => {
      const rows = await reader.all(
        query
          .selectFrom('rotations')
          .select('secret_id')
          .where(({ not, exists, selectFrom }) =>
            not(exists(selectFrom('secrets').select('id').whereRef('secrets.id', '=', 'rotations.secret_id'))),
          )
          .limit(limit)
          .compile(),
      )
      return rows.map(({ secret_id }) => secret_id)
    },
    forget: (secretId) => statement(query.deleteFrom('rotations').where('secret_id', '=', secretId).compile()),
    unrecord: (secretId) =>
      statement(
        query
          .updateTable('rotations')
          .set(({ eb }) => ({
            record: null,
            revision: 0,
            is_open: 0,
            due_at_ms: 0,
            holder: '',
            fence: eb('fence', '+', 1),
          }))
          .where('secret_id', '=', secretId)
          .compile(),
        1,
      ),
    fenceOf: async (secretId) => {
      const rows = await reader.all(
        query.selectFrom('rotations').select('fence').where('secret_id', '=', secretId).compile(),
      )
      return rows[0]?.fence ?? 0
    },
    requireFence: ({ secretId, fence }) =>
      statement(
        query
          .updateTable('rotations')
          .set({ fence })
          .where('secret_id', '=', secretId)
          .where('fence', '=', fence)
          .compile(),
        1,
      ),
    put: (row) =>
      statement(
        query
          .insertInto('secret_rotations')
          .values(row)
          .onConflict((conflict) => conflict.column('secret_id').doUpdateSet(row))
          .compile(),
        1,
      ),
    putOff: ({ secret_id, next_at_ms }, untilMs) =>
      statement(
        query
          .updateTable('secret_rotations')
          .set({ next_at_ms: untilMs })
          .where('secret_id', '=', secret_id)
          .where('next_at_ms', '=', next_at_ms)
          .compile(),
        1,
      ),
    countDaysFrom: (secretId, nowMs) =>
      statement(
        query
          .updateTable('secret_rotations')
          // PostgreSQL would take the parameters for what the column is: too small for either.
          .set({
            next_at_ms: sql<number>`cast(${nowMs} as bigint) + cast(after_days as bigint) * cast(${dayMs} as bigint)`,
          })
          .where('secret_id', '=', secretId)
          .where('enabled', '=', 1)
          .where('after_days', 'is not', null)
          .compile(),
      ),
    settle: ({ secret_id, pending_version }, settled) =>
      statement(
        query
          .updateTable('secret_rotations')
          .set({ ...settled, pending_version: null })
          .where('secret_id', '=', secret_id)
          .where('pending_version', '=', pending_version)
          .compile(),
        1,
      ),
  }
}
