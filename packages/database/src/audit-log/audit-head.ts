import { type KeyObject, timingSafeEqual } from 'node:crypto'
import { type ChainHead, hashHead, newChain, sealHead } from '@keyplane/audit'
import type { AuditChainRow } from './audit-tables.ts'

/** What heads are sealed with, where there is a key. */
export type SealKey = KeyObject | Uint8Array | undefined

/** The columns that seal a head. */
export type SealColumns = Pick<AuditChainRow, 'head_hash' | 'head_mac'>

/** Without a key, a head that somebody set and hashed anew passes for one that was written here. */
export const sealColumns = (head: ChainHead, key: SealKey): SealColumns => ({
  head_hash: hashHead(head),
  head_mac: key === undefined ? new Uint8Array() : sealHead(head, key).mac,
})

/** A new chain's registration, sealed as it begins. */
export const sealedChain = (id: string, registered_at_ms: number, key: SealKey): AuditChainRow => {
  const head = newChain(id)
  const { chainId: chain_id, seq, records, hash } = head
  return { chain_id, registered_at_ms, seq, records, hash, ...sealColumns(head, key) }
}

/** What stands in place of a seal after one was found broken, so that later records do not mend it. */
export const brokenSeal: SealColumns = { head_hash: new Uint8Array(32), head_mac: new Uint8Array(32) }

/** Whether a column holds these bytes, of any type as it may be. */
export const holds = (column: unknown, expected: Uint8Array): boolean =>
  column instanceof Uint8Array && column.length === expected.length && timingSafeEqual(column, expected)

/** The row's head, if its columns are of the types that are written. */
export const headOf = (row: { readonly [Column in keyof AuditChainRow]?: unknown }): ChainHead | undefined => {
  const { chain_id: chainId, seq, records, hash } = row
  return typeof chainId === 'string' &&
    Number.isSafeInteger(seq) &&
    Number.isSafeInteger(records) &&
    hash instanceof Uint8Array
    ? { chainId, seq: seq as number, records: records as number, hash }
    : undefined
}
