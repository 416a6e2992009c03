import { type AuditRecord, type Clock, type Random, SecretsError } from '@keyplane/core'
import { type Reader, type Statement, statement, type Writer } from '@keyplane/database'
import { type KmsKey, makeKmsKey, rewrapDataKey, type RootKeySource, unwrapKmsKey } from '@keyplane/sealing'
import { sql } from 'kysely'
import { FollowedRootKey } from '../storage/follow-root-key.ts'
import { openStorage } from '../storage/open-storage.ts'
import { openStoreWriter } from '../storage/open-store-writer.ts'
import type { StoreDatabase } from '../storage/store-database.ts'
import type { KmsKeyRow, SecretRow, StoreTables, VersionRow } from '../storage/tables.ts'
import { type OperatorAction, operatorRecord } from './operator-record.ts'

export type RenewKmsKeysOptions = StoreDatabase & {
  readonly rootKey: RootKeySource
  readonly clock: Clock
  readonly random: Random
  /** Called with the data keys that were wrapped anew so far. */
  readonly onProgress?: (dataKeys: number) => void
}

interface Work {
  readonly reader: Reader<StoreTables>
  readonly writer: Writer
  readonly rootKey: FollowedRootKey
  readonly clock: Clock
  readonly random: Random
}

/** Data keys in one commit. */
const batchSize = 100
/** How often in a row one batch may meet what others have changed. */
const maxConflicts = 50

/**
 * Gives every KMS key of a store a new material, and puts the data keys of all values under it, a hundred at a time; the
 * store may run meanwhile. Values are not touched. Older materials stay: a store that runs wraps new data keys with the
 * one that it knows until it is started anew. What was cut off is gone on with by the next run.
 * @throws SecretsError as `startStore`, and what writing says.
 */
export const renewKmsKeys = async (
  options: RenewKmsKeysOptions,
): Promise<{ readonly keys: number; readonly dataKeys: number }> => {
  const { rootKey: source, clock, random, onProgress = () => undefined } = options
  const storage = await openStorage(options, { rootKey: source, nowMs: clock.nowMs(), random })
  const { reader, auditKey } = storage
  const rootKey = new FollowedRootKey({ ...storage, source })
  try {
    const writer = await openStoreWriter(options, { auditKey, clock, random })
    const work: Work = { reader, writer, rootKey, clock, random }
    try {
      const keys = await reader.all(reader.query.selectFrom('kms_keys').selectAll().compile())
      let dataKeys = 0
      for (const key of keys) {
        const renewed = await renew(work, key)
        // Twice: what was written behind the first pass under the older material is found by the second.
        for (let pass = 0; pass < 2; pass += 1)
          for await (const count of rewrapAll(work, renewed)) onProgress((dataKeys += count))
      }
      return { keys: keys.length, dataKeys }
    } finally {
      await writer.close()
    }
  } finally {
    await reader.close()
  }
}

const renew = async (work: Work, key: KmsKeyRow): Promise<KmsKey> => {
  const { reader, writer, rootKey, clock, random } = work
  const { account, region, key_id: keyId, current_material: before } = key
  const id = { account, region, keyId, material: before + 1 }
  const unchanged = await rootKey.unchanged()
  const { kmsKey, wrapped } = await makeKmsKey(id, rootKey, random)
  const material = { key_id: keyId, material: id.material, wrapped, created_at_ms: clock.nowMs() }
  const outcome = await writer.write({
    statements: [
      unchanged,
      statement(
        reader.query
          .updateTable('kms_keys')
          .set({ current_material: id.material })
          .where('key_id', '=', keyId)
          .where('current_material', '=', before)
          .compile(),
        1,
      ),
      statement(reader.query.insertInto('kms_key_materials').values(material).compile(), 1),
    ],
    audit: [recordOf(work, 'keyplane:RenewKmsKey', keyId, { Material: String(id.material) })],
  })
  if (outcome === 'committed') return kmsKey
  throw contention()
}

const contention = (): SecretsError =>
  new SecretsError('conflict', 'Somebody else changes the keys of this store at the same time; run it again.', {
    reason: 'contention',
  })

type Version = Pick<VersionRow, 'secret_id' | 'version_id' | 'wrapped_data_key' | 'kms_material'> &
  Pick<SecretRow, 'account' | 'region' | 'arn'>

/** Wraps all data keys anew that are under an older material, in the order of their places; gives how many each time. */
async function* rewrapAll(work: Work, to: KmsKey): AsyncGenerator<number> {
  const olds = new Map<number, KmsKey>()
  let after = { secret_id: '', version_id: '' }
  let conflicts = 0
  while (conflicts < maxConflicts) {
    const versions = await versionsUnderOlder(work.reader, to, after)
    const last = versions.at(-1)
    if (!last) return
    const statements: Statement[] = []
    for (const version of versions) {
      const material = version.kms_material ?? 0
      const from = olds.get(material) ?? (await keyOf(work, { ...to, material }))
      olds.set(material, from)
      statements.push(rewrapped(work, version, { from, to }))
    }
    const audit = [recordOf(work, 'keyplane:RewrapDataKeys', to.keyId, { Count: String(versions.length) })]
    // After a conflict the same place is read again: one of them was removed meanwhile.
    if ((await work.writer.write({ statements, audit })) === 'conflict') conflicts += 1
    else {
      ;[after, conflicts] = [last, 0]
      yield versions.length
    }
  }
  throw contention()
}

type Place = Pick<Version, 'secret_id' | 'version_id'>

const versionsUnderOlder = (
  reader: Reader<StoreTables>,
  { keyId, material }: KmsKey,
  { secret_id, version_id }: Place,
): Promise<readonly Version[]> =>
  reader.all(
    reader.query
      .selectFrom('secret_versions as v')
      .innerJoin('secrets as s', 's.id', 'v.secret_id')
      .select(['v.secret_id', 'v.version_id', 'v.wrapped_data_key', 'v.kms_material', 's.account', 's.region', 's.arn'])
      .where('v.kms_key_id', '=', keyId)
      .where('v.kms_material', '<', material)
      .where('v.wrapped_data_key', 'is not', null)
      .where(sql<boolean>`(v.secret_id, v.version_id) > (${secret_id}, ${version_id})`)
      .orderBy('v.secret_id')
      .orderBy('v.version_id')
      .limit(batchSize)
      .compile(),
  )

const keyOf = async ({ reader, rootKey }: Work, { account, region, keyId, material }: KmsKey): Promise<KmsKey> => {
  const query = reader.query.selectFrom('kms_key_materials').select('wrapped').where('key_id', '=', keyId)
  const [found] = await reader.all(query.where('material', '=', material).compile())
  if (!found) throw new SecretsError('integrity', `A material of the KMS key ${JSON.stringify(keyId)} is missing.`)
  return unwrapKmsKey(found.wrapped, { account, region, keyId, material }, rootKey)
}

const rewrapped = (
  { reader, random }: Work,
  { account, region, arn, secret_id, version_id, wrapped_data_key, kms_material }: Version,
  keys: { readonly from: KmsKey; readonly to: KmsKey },
): Statement => {
  const owner = { account, region, arn, versionId: version_id }
  const wrapped = rewrapDataKey(wrapped_data_key ?? new Uint8Array(), owner, keys, random)
  return statement(
    reader.query
      .updateTable('secret_versions')
      .set({ wrapped_data_key: wrapped, kms_material: keys.to.material })
      .where('secret_id', '=', secret_id)
      .where('version_id', '=', version_id)
      .where('wrapped_data_key', '=', wrapped_data_key)
      .where('kms_material', '=', kms_material)
      .compile(),
    1,
  )
}

const recordOf = (
  { clock, random }: Work,
  action: OperatorAction,
  keyId: string,
  detail: Readonly<Record<string, string>>,
): AuditRecord => operatorRecord(action, { clock, random, resource: `key/${keyId}`, detail })
