import { type Clock, type Random, SecretsError, toSecretsError } from '@keyplane/core'
import { hasTable, migrate, sealColumns } from '@keyplane/database'
import { rewrapKmsKey, rewrapRootCheck, type RootKey, type RootKeySource, verifyRootCheck } from '@keyplane/sealing'
import type { Kysely } from 'kysely'
import { auditKeyOf } from '../storage/audit-key.ts'
import { storeMigrations } from '../storage/migrations.ts'
import { openEngine } from '../storage/open-storage.ts'
import type { StoreDatabase } from '../storage/store-database.ts'
import type { StoreTables } from '../storage/tables.ts'
import { appendRecord } from './append-record.ts'
import { operatorRecord } from './operator-record.ts'

export type RekeyOptions = StoreDatabase & {
  /** The root key that the store has. */
  readonly from: RootKeySource
  /** The one that it is to have; a new one is made where its source can. It has to be kept before this returns. */
  readonly to: RootKeySource
  /** Default: the system's. */
  readonly clock?: Clock
  readonly random?: Random
}

/** How many KMS keys were wrapped anew. */
export interface Rekeyed {
  readonly keys: number
}

/**
 * Puts every KMS key of a store under another root key, in one transaction with its audit record: after a crash the store
 * has the one or the other. Values are not touched, nor is what was derived from the old key. Stores that run follow. Gives nothing where the
 * store had that key already: nothing is wrapped then.
 * @throws SecretsError `source_misconfigured` (`wrong_root_key`, and what the sources say), and what the engine says.
 */
export const rekeyStore = async ({
  from,
  to,
  clock,
  random,
  ...database
}: RekeyOptions): Promise<Rekeyed | undefined> => {
  const { reader, settingUp } = openEngine(database)
  try {
    if (!(await hasTable(reader.query, 'store'))) throw noStore()
    const store = await reader.query.selectFrom('store').selectAll().executeTakeFirstOrThrow(noStore)
    const old = await from.open(store.root_key_descriptor)
    // Before a new key is made, which nobody would need.
    await verifyRootCheck(old, store.id, store.root_key_check)
    const rootKeys = { from: old, to: await to.open() }
    const auditKey = await auditKeyOf(old, store)
    return await settingUp(async (db) => {
      await migrate(
        db,
        storeMigrations((head) => sealColumns(head, auditKey)),
      )
      const rekeyed = await rewrapAll(db as Kysely<StoreTables>, to.name, rootKeys)
      if (!rekeyed) return undefined
      const detail = { From: store.root_key_source, To: to.name, Keys: String(rekeyed.keys) }
      const record = operatorRecord('keyplane:RekeyStore', {
        ...(clock && { clock }),
        ...(random && { random }),
        detail,
      })
      // At the end: stores that run wait for it.
      await appendRecord(db as Kysely<StoreTables>, auditKey, record)
      return rekeyed
    })
  } finally {
    await reader.close()
  }
}

const rewrapAll = async (
  db: Kysely<StoreTables>,
  source: string,
  rootKeys: Parameters<typeof rewrapRootCheck>[2],
): Promise<Rekeyed | undefined> => {
  const { id, root_key_check, root_key_descriptor } = await db
    .selectFrom('store')
    .selectAll()
    .executeTakeFirstOrThrow(noStore)
  // A service is not asked about what another one's key has wrapped: it may refuse that in any words.
  const had = root_key_descriptor === rootKeys.to.descriptor && (await opens(rootKeys.to, id, root_key_check))
  const check = had ? root_key_check : await rewrapRootCheck(root_key_check, id, rootKeys)
  // First: a store that is making a key under the old one has made it by then, or fails to.
  await db
    .updateTable('store')
    .set({ root_key_source: source, root_key_descriptor: rootKeys.to.descriptor, root_key_check: check })
    .where('id', '=', id)
    .execute()
  if (had) return undefined
  const materials = await db
    .selectFrom('kms_key_materials as m')
    .innerJoin('kms_keys as k', 'k.key_id', 'm.key_id')
    .select(['m.key_id', 'm.material', 'm.wrapped', 'k.account', 'k.region'])
    .execute()
  for (const { key_id: keyId, material, wrapped, account, region } of materials)
    await db
      .updateTable('kms_key_materials')
      .set({ wrapped: await rewrapKmsKey(wrapped, { account, region, keyId, material }, rootKeys) })
      .where('key_id', '=', keyId)
      .where('material', '=', material)
      .execute()
  return { keys: materials.length }
}

const opens = async (rootKey: RootKey, storeId: string, check: Uint8Array): Promise<boolean> => {
  try {
    await verifyRootCheck(rootKey, storeId, check)
    return true
  } catch (error) {
    if (toSecretsError(error).reason === 'wrong_root_key') return false
    throw error
  }
}

const noStore = (): SecretsError => new SecretsError('config_invalid', 'There is no store in that database.')
