import { Buffer } from 'node:buffer'
import { createSecretKey } from 'node:crypto'
import { type ChainHead, type ChainLink, nextLink } from '@keyplane/audit'
import type { AuditRecord } from '@keyplane/core'
import type { BeforeCommit, Engine, SqlRow, Statement } from '../ports.ts'
import { brokenSeal, headOf, holds, type SealKey, sealColumns } from './audit-head.ts'

export interface AppendAuditOptions {
  readonly engine: Engine
  /** What the head is sealed with. Default: its hash alone, which anybody can make. */
  readonly key?: Uint8Array | undefined
  /** The chain that is appended to. Default: the oldest, as on SQLite, where writers take turns anyway. */
  readonly chainId?: string
}

/**
 * Appends a batch's audit records and their one link, inside the batch's transaction. The head is read each time: it is
 * right after a failed batch, and with several processes on one chain. A head whose seal does not hold was set by
 * somebody else: calls go on, but the seal stays broken, so that `verifyChains` tells of it from then on.
 */
export const appendAudit = ({ engine, key: bytes, chainId }: AppendAuditOptions): BeforeCommit => {
  // As an object: Node.js takes eight times as long to use raw bytes, and this is done for each batch.
  const key = bytes && createSecretKey(bytes)
  const insertRecords = engine === 'postgres' ? insertTogether : insertEach
  const text = engine === 'postgres' ? numbered : (sql: string) => sql
  return {
    read: chainId === undefined ? oldestHead : { sql: text(lockedHead), parameters: [chainId] },
    write: (row, audit) => {
      const { head: before, isSealed } = readHead(row, key)
      const records = engine === 'postgres' ? audit.map(keptByPostgres) : audit
      const { link, head } = nextLink(before, records)
      const { seq, recordCount, recordsHash, previousHash, hash } = link
      const sealed = isSealed ? sealColumns(head, key) : brokenSeal
      return [
        ...insertRecords(link, records),
        {
          sql: text(insertLink),
          parameters: [head.chainId, seq, link.firstRecord, recordCount, recordsHash, previousHash, hash],
        },
        {
          sql: text(moveHead),
          parameters: [head.seq, head.records, head.hash, sealed.head_hash, sealed.head_mac, head.chainId],
        },
      ]
    },
  }
}

const oldestHead: Statement = {
  sql: 'select * from audit_chains order by registered_at_ms limit 1',
  parameters: [],
}
const lockedHead = 'select * from audit_chains where chain_id = ? for update'

const recordColumns = 'chain_id, seq, at_ms, actor, action, resource, decision, request_id, detail'
const insertRecord = `insert into audit_records (${recordColumns}) values (?, ?, ?, ?, ?, ?, ?, ?, ?)`
const insertLink =
  'insert into audit_links (chain_id, seq, first_record, record_count, records_hash, previous_hash, hash) ' +
  'values (?, ?, ?, ?, ?, ?, ?)'
const moveHead =
  'update audit_chains set seq = ?, records = ?, hash = ?, head_hash = ?, head_mac = ? where chain_id = ?'

/** All records in one statement: on the way to a server each statement costs as much as many rows. */
const insertRecordList =
  `insert into audit_records (${recordColumns}) select ${recordColumns} from json_to_recordset($1::json) as given(` +
  'chain_id text, seq bigint, at_ms double precision, actor text, action text, resource text, decision text, ' +
  'request_id text, detail text)'

const columnsOf = ({ chainId, firstRecord }: ChainLink, record: AuditRecord, index: number) => ({
  chain_id: chainId,
  seq: firstRecord + index,
  at_ms: record.atMs,
  actor: record.actor,
  action: record.action,
  resource: record.resource,
  decision: record.decision,
  request_id: record.requestId,
  detail: record.detail === undefined ? null : JSON.stringify(record.detail),
})

const insertEach = (link: ChainLink, records: readonly AuditRecord[]): readonly Statement[] =>
  records.map((record, index) => ({ sql: insertRecord, parameters: Object.values(columnsOf(link, record, index)) }))

const insertTogether = (link: ChainLink, records: readonly AuditRecord[]): readonly Statement[] => {
  const rows = records.map((record, index) => columnsOf(link, record, index))
  return [{ sql: insertRecordList, parameters: [JSON.stringify(rows)] }]
}

/** The record with what PostgreSQL keeps in place of what it refuses, so that one call's text never fails another's. */
const keptByPostgres = (record: AuditRecord): AuditRecord => {
  const { actor, action, resource, requestId, detail } = record
  return {
    ...record,
    actor: kept(actor),
    action: kept(action),
    resource: kept(resource),
    requestId: kept(requestId),
    ...(detail && { detail: Object.fromEntries(Object.entries(detail).map((pair) => pair.map(kept))) }),
  }
}

/** Through UTF-8, where a half of a character becomes the mark of a broken one. */
const kept = (text: string): string => Buffer.from(text).toString().replaceAll('\0', '\ufffd')

/** The statement in PostgreSQL's way to count parameters. */
const numbered = (sql: string): string => {
  let number = 0
  return sql.replaceAll('?', () => `$${(number += 1)}`)
}

const readHead = (row: SqlRow | undefined, key: SealKey): { readonly head: ChainHead; readonly isSealed: boolean } => {
  const head = row && headOf(row)
  if (!head) throw new Error('There is no audit chain.')
  const { head_hash, head_mac } = sealColumns(head, key)
  return { head, isSealed: holds(row['head_hash'], head_hash) && holds(row['head_mac'], head_mac) }
}
