import type { Reader } from '../ports.ts'

/** The tables of an audit log, beside those of whoever keeps it. Moments are epoch milliseconds. */
export interface AuditTables {
  readonly audit_chains: AuditChainRow
  readonly audit_links: AuditLinkRow
  readonly audit_records: AuditRecordRow
}

/** The audit log of a database that has more tables. */
export const auditLogOf = <Tables extends AuditTables>(reader: Reader<Tables>): Reader<AuditTables> =>
  reader as unknown as Reader<AuditTables>

/** A chain's head, moved in the transaction that appends to it. */
export interface AuditChainRow {
  readonly chain_id: string
  readonly registered_at_ms: number
  readonly seq: number
  readonly records: number
  readonly hash: Uint8Array
  /** The two halves of the head's seal. */
  readonly head_hash: Uint8Array
  readonly head_mac: Uint8Array
}

export interface AuditLinkRow {
  readonly chain_id: string
  readonly seq: number
  readonly first_record: number
  readonly record_count: number
  readonly records_hash: Uint8Array
  readonly previous_hash: Uint8Array
  readonly hash: Uint8Array
}

export interface AuditRecordRow {
  readonly chain_id: string
  readonly seq: number
  readonly at_ms: number
  readonly actor: string
  readonly action: string
  readonly resource: string
  readonly decision: 'allow' | 'deny' | 'error'
  readonly request_id: string
  /** JSON. */
  readonly detail: string | null
}
