import type { ChainLink, NumberedRecord, StoredRecord } from '@keyplane/audit'
import type { AuditLinkRow, AuditRecordRow } from './audit-tables.ts'

/** A row of SQLite as it may really be: any column can hold any type. */
type Found<Row> = { readonly [Column in keyof Row]: unknown }

/** The row's link. A column of another type than was written becomes a value that no link can have. */
export const linkOf = (row: Found<AuditLinkRow>): ChainLink => ({
  chainId: typeof row.chain_id === 'string' ? row.chain_id : '',
  seq: number(row.seq),
  firstRecord: number(row.first_record),
  recordCount: number(row.record_count),
  recordsHash: bytes(row.records_hash),
  previousHash: bytes(row.previous_hash),
  hash: bytes(row.hash),
})

/** The row's record if every column is as it is written, character by character. */
export const storedRecordOf = (row: Found<AuditRecordRow>): StoredRecord => {
  const { at_ms: atMs, actor, action, resource, decision, request_id: requestId } = row
  const detail = row.detail === null ? undefined : writtenDetail(row.detail)
  const isRead =
    typeof atMs === 'number' &&
    typeof actor === 'string' &&
    typeof action === 'string' &&
    typeof resource === 'string' &&
    (decision === 'allow' || decision === 'deny' || decision === 'error') &&
    typeof requestId === 'string' &&
    detail !== 'unreadable'
  const seq = number(row.seq)
  if (!isRead) return { seq, record: 'unreadable' }
  return { seq, record: { atMs, actor, action, resource, decision, requestId, ...(detail && { detail }) } }
}

/** The row's record for a reader who is shown what can be read of it. */
export const shownRecordOf = (row: Found<AuditRecordRow>): NumberedRecord => {
  const { seq, record } = storedRecordOf(row)
  if (record !== 'unreadable') return { seq, record }
  return {
    seq,
    record: {
      atMs: typeof row.at_ms === 'number' ? row.at_ms : 0,
      actor: shown(row.actor),
      action: shown(row.action),
      resource: shown(row.resource),
      decision: 'error',
      requestId: shown(row.request_id),
      detail: { Error: 'This record was altered.' },
    },
  }
}

/**
 * The facts of a detail. The chain's hash covers the facts, not the text that they stand in, so only the one text is
 * taken that is written for them: a member that is there twice, or a space, makes it unreadable.
 */
const writtenDetail = (text: unknown): Readonly<Record<string, string>> | 'unreadable' => {
  if (typeof text !== 'string') return 'unreadable'
  try {
    const facts: unknown = JSON.parse(text)
    const isWritten = isFacts(facts) && JSON.stringify(facts) === text
    return isWritten ? facts : 'unreadable'
  } catch {
    return 'unreadable'
  }
}

const isFacts = (value: unknown): value is Readonly<Record<string, string>> =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every((fact) => typeof fact === 'string')

const shown = (value: unknown): string => (typeof value === 'string' ? value : '(altered)')
const number = (value: unknown): number => (typeof value === 'number' ? value : Number.NaN)
const bytes = (value: unknown): Uint8Array => (value instanceof Uint8Array ? value : new Uint8Array())
