import type { AuditVerdict, Reader } from '@keyplane/database'
import type { RootKeySource } from '@keyplane/sealing'
import { SecretsError, toSecretsError } from '@keyplane/core'
import { auditKeyOf } from '../storage/audit-key.ts'
import { storeRow } from '../storage/store-row.ts'
import { requireStore } from '../storage/require-store.ts'
import { readerOf, type StoreDatabase } from '../storage/store-database.ts'
import type { StoreTables } from '../storage/tables.ts'
import { verifyStoreChains } from '../audit/verify-audit.ts'
import { checkPostgres } from './check-postgres.ts'
import { checkSqlite } from './check-sqlite.ts'
import type { EngineCheck } from './engine-check.ts'
import { type OpenedValues, openValues } from './open-values.ts'

export type VerifyStoreOptions = StoreDatabase & {
  readonly rootKey: RootKeySource
  /** Called with the values that were opened so far. */
  readonly onProgress?: (values: number) => void
}

/** How a store was found. */
export interface StoreVerdict {
  readonly ok: boolean
  /** What the engine's own data were checked for, and what they could not be. */
  readonly checks: readonly string[]
  /** What the engine says of its own file, rows that refer to none, and KMS keys that do not open; empty where all is whole. */
  readonly damage: readonly string[]
  readonly values: Omit<OpenedValues, 'brokenKeys'>
  readonly audit: readonly AuditVerdict[]
}

/**
 * Whether a store is whole: the engine's own check, every KMS key and every value opened, every audit chain
 * verified. It may run meanwhile.
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
    const found = await checkEngine(reader, options)
    const { opened, audit } = await contents(found, async () => ({
      opened: await openValues(reader, rootKey, options.onProgress),
      audit: await verifyStoreChains(reader, auditKey),
    }))
    const { brokenKeys, ...values } = opened
    const damage = [...found.damage, ...brokenKeys]
    const ok = damage.length === 0 && values.brokenCount === 0 && audit.every(({ verdict }) => verdict.ok)
    return { ok, checks: found.checks, damage, values, audit }
  } finally {
    await reader.close()
  }
}

interface Contents extends Pick<StoreVerdict, 'audit'> {
  readonly opened: OpenedValues
}

/** What the rows say, as far as damage that was found before lets them be read. */
const contents = async ({ damage, isReadable }: EngineCheck, read: () => Promise<Contents>): Promise<Contents> => {
  const unread: Contents = { opened: { opened: 0, broken: [], brokenCount: 0, brokenKeys: [] }, audit: [] }
  if (!isReadable) return unread
  try {
    return await read()
  } catch (error) {
    if (damage.length > 0 && toSecretsError(error).code === 'integrity') return unread
    throw error
  }
}

/** What reads all of a table, or of an index, takes longer than a call of the store may. */
const checkMs = 3_600_000

const checkEngine = async (reader: Reader<StoreTables>, database: StoreDatabase): Promise<EngineCheck> => {
  if (database.databasePath !== undefined) return checkSqlite(reader)
  const patient = readerOf({ ...database, timeouts: { ...database.timeouts, statementMs: checkMs } })
  try {
    return await checkPostgres(patient)
  } finally {
    await patient.close()
  }
}
