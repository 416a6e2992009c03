import { type KeyObject, timingSafeEqual } from 'node:crypto'
import { type ChainHead, sealHead } from '@keyplane/audit'
import { deriveStoreKey, type RootKey } from '@keyplane/sealing'
import type { AuditChainRow, StoreRow } from './tables.ts'

/** The key that a store's audit head is sealed with. Only who has the root key can derive it. */
export const auditKeyOf = (
  rootKey: RootKey,
  { id, root_key_check }: Pick<StoreRow, 'id' | 'root_key_check'>,
): Promise<Uint8Array> =>
  deriveStoreKey(rootKey, { storeId: id, check: root_key_check, purpose: 'keyplane-audit-head-1' })

/** The columns that seal a head. */
export type SealColumns = Pick<AuditChainRow, 'head_hash' | 'head_mac'>

export const sealColumns = (head: ChainHead, key: KeyObject | Uint8Array): SealColumns => {
  const { hash, mac } = sealHead(head, key)
  return { head_hash: hash, head_mac: mac }
}

/** What stands in place of a seal after one was found broken, so that later records do not mend it. */
export const brokenSeal: SealColumns = { head_hash: new Uint8Array(32), head_mac: new Uint8Array(32) }

/** Whether a column holds these bytes, of any type as it may be. */
export const holds = (column: unknown, expected: Uint8Array): boolean =>
  column instanceof Uint8Array && column.length === expected.length && timingSafeEqual(column, expected)

/** The row's head, if its columns are of the types that the store writes. */
export const headOf = (row: { readonly [Column in keyof AuditChainRow]?: unknown }): ChainHead | undefined => {
  const { chain_id: chainId, seq, records, hash } = row
  return typeof chainId === 'string' &&
    Number.isSafeInteger(seq) &&
    Number.isSafeInteger(records) &&
    hash instanceof Uint8Array
    ? { chainId, seq: seq as number, records: records as number, hash }
    : undefined
}
