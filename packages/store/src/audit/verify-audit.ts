import { auditLogOf, type AuditVerdict, missingLog, type Reader, verifyChains } from '@keyplane/database'
import type { RootKeySource } from '@keyplane/sealing'
import { auditKeyOf } from '../storage/audit-key.ts'
import { readingStore } from '../storage/reading-store.ts'
import type { StoreDatabase } from '../storage/store-database.ts'
import { isWritten, storeRow } from '../storage/store-row.ts'
import type { StoreTables } from '../storage/tables.ts'

export type VerifyAuditOptions = StoreDatabase & {
  /**
   * The store's root key. Without it, a log that was cut or rewritten by somebody who computed the hashes anew passes;
   * with it, the end of the log has to be one that the store wrote.
   */
  readonly rootKey?: RootKeySource
}

/**
 * Verifies every audit chain of a store; a store without one has one verdict, that it is missing. Another process may
 * be writing them: what it appends meanwhile is left out.
 * @throws SecretsError what `rootKey` says, `source_misconfigured` (`wrong_root_key`), `integrity` (`damaged`).
 */
export const verifyAudit = ({ rootKey, ...database }: VerifyAuditOptions): Promise<readonly AuditVerdict[]> =>
  readingStore(database, async (reader) => {
    const auditKey = rootKey && (await auditKeyIn(reader, rootKey))
    if (auditKey === 'missing') return [missingLog('The row that says whose store this is has been removed.')]
    return verifyStoreChains(reader, auditKey)
  })

/** As `verifyAudit`, on a store that is open already. */
export const verifyStoreChains = (
  reader: Reader<StoreTables>,
  auditKey: Uint8Array | undefined,
): Promise<readonly AuditVerdict[]> =>
  verifyChains(auditLogOf(reader), { auditKey, isWritten: () => isWritten(reader) })

const auditKeyIn = async (reader: Reader<StoreTables>, rootKey: RootKeySource): Promise<Uint8Array | 'missing'> => {
  const store = await storeRow(reader)
  return store ? auditKeyOf(await rootKey.open(store.root_key_descriptor), store) : 'missing'
}
