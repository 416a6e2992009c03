import { type ChainHead, nextLink } from '@keyplane/audit'
import type { AuditRecord } from '@keyplane/core'
import type { BatchTransaction } from '@keyplane/database'

const insertRecord =
  'insert into audit_records (chain_id, seq, at_ms, actor, action, resource, decision, request_id, detail) ' +
  'values (?, ?, ?, ?, ?, ?, ?, ?, ?)'
const insertLink =
  'insert into audit_links (chain_id, seq, first_record, record_count, records_hash, previous_hash, hash) ' +
  'values (?, ?, ?, ?, ?, ?, ?)'
const moveHead = 'update audit_chains set seq = ?, records = ?, hash = ? where chain_id = ?'

/**
 * Appends a batch's audit records and their one link, inside the batch's transaction. The head is read each time: it is
 * right after a failed batch, and with several processes on one file.
 */
export const appendAudit = (transaction: BatchTransaction, records: readonly AuditRecord[]): void => {
  const before = readHead(transaction)
  const { link, head } = nextLink(before, records)
  const { chainId } = head
  for (const [index, { atMs, actor, action, resource, decision, requestId, detail }] of records.entries()) {
    const facts = detail === undefined ? null : JSON.stringify(detail)
    const seq = link.firstRecord + index
    transaction.run(insertRecord, [chainId, seq, atMs, actor, action, resource, decision, requestId, facts])
  }
  const { seq, firstRecord, recordCount, recordsHash, previousHash, hash } = link
  transaction.run(insertLink, [chainId, seq, firstRecord, recordCount, recordsHash, previousHash, hash])
  transaction.run(moveHead, [head.seq, head.records, head.hash, chainId])
}

const readHead = (transaction: BatchTransaction): ChainHead => {
  const row = transaction.get(
    'select chain_id, seq, records, hash from audit_chains order by registered_at_ms limit 1',
    [],
  )
  if (!row) throw new Error('The store has no audit chain.')
  return {
    chainId: String(row['chain_id']),
    seq: Number(row['seq']),
    records: Number(row['records']),
    hash: row['hash'] as Uint8Array,
  }
}
