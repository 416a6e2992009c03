import type { NumberedRecord } from '@keyplane/audit'
import { auditLogOf, chainRows, lastRecordRows, recordRows, shownRecordOf } from '@keyplane/database'
import { readingStore } from '../storage/reading-store.ts'
import type { StoreDatabase } from '../storage/store-database.ts'

export type AuditTailOptions = StoreDatabase & {
  /** Records at most; 1–10,000. Default 100. */
  readonly limit?: number
  /**
   * Only records behind this number, or behind that of their own chain (0 for a chain that is not named), the oldest of
   * them first; absent: the newest.
   */
  readonly after?: number | ReadonlyMap<string, number>
}

/** A record with its place in the log. */
export interface TailRecord extends NumberedRecord {
  readonly chainId: string
}

/** Records of a store's audit log, the oldest first, those of several chains by their moments. Another process may be writing it. */
export const auditTail = ({ limit = 100, after, ...database }: AuditTailOptions): Promise<readonly TailRecord[]> =>
  readingStore(database, async (store) => {
    const reader = auditLogOf(store)
    const bounded = Math.min(Math.max(Math.floor(limit), 1), 10_000)
    const found: TailRecord[] = []
    for (const { chain_id: chainId } of await chainRows(reader)) {
      const from = typeof after === 'object' ? (after.get(chainId) ?? 0) : after
      const rows =
        from === undefined
          ? await lastRecordRows(reader, chainId, bounded)
          : await recordRows(reader, { chainId, after: from, limit: bounded })
      for (const row of rows) found.push({ chainId, ...shownRecordOf(row) })
    }
    const merged = inOrder(found)
    return after === undefined ? merged.slice(-bounded) : merged.slice(0, bounded)
  })

/** How many records each chain of a store has: `after` these come those that are written from here on. */
export const auditEnds = (database: StoreDatabase): Promise<ReadonlyMap<string, number>> =>
  readingStore(
    database,
    async (store) => new Map((await chainRows(auditLogOf(store))).map(({ chain_id, records }) => [chain_id, records])),
  )

/** By their moments; those of one chain stay in its order, whatever the clock did. */
const inOrder = (records: readonly TailRecord[]): readonly TailRecord[] => {
  const latest = new Map<string, number>()
  const placed = records.map((record) => {
    const atMs = Math.max(record.record.atMs, latest.get(record.chainId) ?? 0)
    latest.set(record.chainId, atMs)
    return { record, atMs }
  })
  return placed.sort((a, b) => a.atMs - b.atMs).map(({ record }) => record)
}
