import { engineOf, type Reader } from '@keyplane/database'
import type { RootKeySource } from '@keyplane/sealing'
import { SecretsError } from '@keyplane/core'
import { sql } from 'kysely'
import { auditKeyOf } from '../storage/audit-head.ts'
import { storeRow } from '../storage/audit-table.ts'
import { requireStore } from '../storage/require-store.ts'
import { readerOf, type StoreDatabase } from '../storage/store-database.ts'
import type { StoreTables } from '../storage/tables.ts'
import { type AuditVerdict, verifyChains } from '../audit/verify-audit.ts'
import { type OpenedValues, openValues } from './open-values.ts'

export type VerifyStoreOptions = StoreDatabase & {
  readonly rootKey: RootKeySource
  /** Called with the values that were opened so far. */
  readonly onProgress?: (values: number) => void
}

/** How a store was found. */
export interface StoreVerdict {
  readonly ok: boolean
  /** What the engine says of its own file, and rows that refer to none; empty where all is whole. */
  readonly damage: readonly string[]
  readonly values: OpenedValues
  readonly audit: readonly AuditVerdict[]
}

/**
 * Whether a store is whole: the engine's own check, every value opened, every audit chain verified. It may run meanwhile.
 * @throws SecretsError `source_misconfigured` (`wrong_root_key`, and what the engine says), `integrity`.
 */
export const verifyStore = async (options: VerifyStoreOptions): Promise<StoreVerdict> => {
  const reader = readerOf(options)
  try {
    await requireStore(reader, options)
    const store = await storeRow(reader)
    if (!store)
      throw new SecretsError('integrity', 'The row that says whose store this is has been removed.', {
        reason: 'damaged',
      })
    const rootKey = await options.rootKey.open(store.root_key_descriptor)
    const auditKey = await auditKeyOf(rootKey, store)
    const damage = await engineCheck(reader)
    const values = await openValues(reader, rootKey, options.onProgress)
    const audit = await verifyChains(reader, auditKey)
    const ok = damage.length === 0 && values.brokenCount === 0 && audit.every(({ verdict }) => verdict.ok)
    return { ok, damage, values, audit }
  } finally {
    await reader.close()
  }
}

/** PostgreSQL has checksums and keeps references by itself; SQLite reads all of its pages on demand. */
const engineCheck = async ({ query }: Reader<StoreTables>): Promise<readonly string[]> => {
  if (engineOf(query) === 'postgres') return []
  const integrity = await sql<{ integrity_check: string }>`pragma integrity_check(20)`.execute(query)
  const references = await sql<{ table: string }>`select "table" from pragma_foreign_key_check limit 20`.execute(query)
  return [
    ...integrity.rows.flatMap(({ integrity_check }) => (integrity_check === 'ok' ? [] : [integrity_check])),
    ...references.rows.map(({ table }) => `a row of ${table} refers to none`),
  ]
}
