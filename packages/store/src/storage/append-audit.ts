import { type ChainHead, nextLink } from '@keyplane/audit'
import type { AuditRecord } from '@keyplane/core'
import type { BatchTransaction, ThreadData } from '@keyplane/database'
import { brokenSeal, headOf, holds, sealColumns } from './audit-head.ts'

const insertRecord =
  'insert into audit_records (chain_id, seq, at_ms, actor, action, resource, decision, request_id, detail) ' +
  'values (?, ?, ?, ?, ?, ?, ?, ?, ?)'
const insertLink =
  'insert into audit_links (chain_id, seq, first_record, record_count, records_hash, previous_hash, hash) ' +
  'values (?, ?, ?, ?, ?, ?, ?)'
const moveHead =
  'update audit_chains set seq = ?, records = ?, hash = ?, head_hash = ?, head_mac = ? where chain_id = ?'

/**
 * Appends a batch's audit records and their one link, inside the batch's transaction. The head is read each time: it is
 * right after a failed batch, and with several processes on one file. A head whose seal does not hold was set by somebody
 * else: calls go on, but the seal stays broken, so that `verifyAudit` tells of it from then on.
 */
export const appendAudit = (
  transaction: BatchTransaction,
  records: readonly AuditRecord[],
  { auditKey }: ThreadData,
): void => {
  const key = auditKey as Uint8Array
  const { head: before, isSealed } = readHead(transaction, key)
  const { link, head } = nextLink(before, records)
  const { chainId } = head
  for (const [index, { atMs, actor, action, resource, decision, requestId, detail }] of records.entries()) {
    const facts = detail === undefined ? null : JSON.stringify(detail)
    const seq = link.firstRecord + index
    transaction.run(insertRecord, [chainId, seq, atMs, actor, action, resource, decision, requestId, facts])
  }
  const { seq, firstRecord, recordCount, recordsHash, previousHash, hash } = link
  transaction.run(insertLink, [chainId, seq, firstRecord, recordCount, recordsHash, previousHash, hash])
  const sealed = isSealed ? sealColumns(head, key) : brokenSeal
  transaction.run(moveHead, [head.seq, head.records, head.hash, sealed.head_hash, sealed.head_mac, chainId])
}

const readHead = (
  transaction: BatchTransaction,
  key: Uint8Array,
): { readonly head: ChainHead; readonly isSealed: boolean } => {
  const row = transaction.get('select * from audit_chains order by registered_at_ms limit 1', [])
  const head = row && headOf(row)
  if (!head) throw new Error('The store has no audit chain.')
  const { head_hash, head_mac } = sealColumns(head, key)
  return { head, isSealed: holds(row['head_hash'], head_hash) && holds(row['head_mac'], head_mac) }
}
