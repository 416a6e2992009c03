import { deriveStoreKey, type RootKey } from '@keyplane/sealing'
import type { StoreRow } from './tables.ts'

/** The key that a store's audit head is sealed with. Only who has the root key can derive it. */
export const auditKeyOf = (
  rootKey: RootKey,
  { id, root_key_check }: Pick<StoreRow, 'id' | 'root_key_check'>,
): Promise<Uint8Array> =>
  deriveStoreKey(rootKey, { storeId: id, check: root_key_check, purpose: 'keyplane-audit-head-1' })
