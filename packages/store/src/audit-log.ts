import type { NumberedRecord } from '@keyplane/audit'
import { shownRecordOf } from './storage/audit-rows.ts'
import { chainRows, readingAudit, recordRows } from './storage/audit-table.ts'

export interface AuditTailOptions {
  readonly databasePath: string
  /** Records at most; 1–10,000. Default 100. */
  readonly limit?: number
  /** Only records behind this number, the oldest of them first; absent: the newest. */
  readonly after?: number
}

/** Records of a store's audit log, the oldest first. Another process may be writing it. */
export const auditTail = ({ databasePath, limit = 100, after }: AuditTailOptions): Promise<readonly NumberedRecord[]> =>
  readingAudit(databasePath, async (reader) => {
    const [chain] = await chainRows(reader)
    if (!chain) return []
    const bounded = Math.min(Math.max(Math.floor(limit), 1), 10_000)
    const from = after ?? Math.max(0, chain.records - bounded)
    const rows = await recordRows(reader, { chainId: chain.chain_id, after: from, limit: bounded })
    return rows.map(shownRecordOf)
  })
