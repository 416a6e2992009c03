import { SecretsError, toSecretsError } from '@keyplane/core'
import type { Reader } from '@keyplane/database'
import { type KmsKey, openValue, type RootKey, unwrapKmsKey } from '@keyplane/sealing'
import { keyArn } from '../kms/kms-keys.ts'
import type { SecretRow, StoreTables, VersionRow } from '../storage/tables.ts'

/** What became of opening every value of a store, and every material of its KMS keys. */
export interface OpenedValues {
  readonly opened: number
  /** Versions that do not open, as `NAME VERSION: why`; the first hundred of them. */
  readonly broken: readonly string[]
  /** How many do not open, also those that are not named. */
  readonly brokenCount: number
  /** Materials of KMS keys that do not open, whether or not a value is under them; the first hundred, and how many more. */
  readonly brokenKeys: readonly string[]
}

type Version = VersionRow & Pick<SecretRow, 'account' | 'region' | 'arn' | 'name'>

const maxNamed = 100

/** Opens every value of a store, and gives none out. */
export const openValues = (
  reader: Reader<StoreTables>,
  rootKey: RootKey,
  onProgress: (values: number) => void = () => undefined,
): Promise<OpenedValues> => {
  const all = reader.query
    .selectFrom('secret_versions as v')
    .innerJoin('secrets as s', 's.id', 'v.secret_id')
    .selectAll('v')
    .select(['s.account', 's.region', 's.arn', 's.name'])
    .where('v.sealed_value', 'is not', null)
  return reader.stream(async (rows) => {
    const { keys, broken: brokenKeys } = await allKeys(reader, rootKey)
    let opened = 0
    const broken: string[] = []
    let brokenCount = 0
    for await (const version of rows(all.compile())) {
      const problem = problemOf(version, keys)
      if (problem === undefined) opened += 1
      else if ((brokenCount += 1) <= maxNamed) broken.push(`${version.name} ${version.version_id}: ${problem}`)
      if ((opened + brokenCount) % 1_000 === 0) onProgress(opened)
    }
    onProgress(opened)
    return { opened, broken, brokenCount, brokenKeys: shortened(brokenKeys) }
  })
}

const shortened = (problems: readonly string[]): readonly string[] => {
  const more = problems.length - maxNamed
  return more > 0 ? [...problems.slice(0, maxNamed), `${more} more materials of KMS keys do not open`] : problems
}

interface AllKeys {
  readonly keys: ReadonlyMap<string, KmsKey>
  readonly broken: readonly string[]
}

/** Every material of every key; one that does not open is a failure of the values under it, too. */
const allKeys = async (reader: Reader<StoreTables>, rootKey: RootKey): Promise<AllKeys> => {
  const rows = await reader.query
    .selectFrom('kms_key_materials as m')
    .innerJoin('kms_keys as k', 'k.key_id', 'm.key_id')
    .selectAll('m')
    .select(['k.account', 'k.region'])
    .orderBy('m.key_id')
    .orderBy('m.material')
    .execute()
  const keys = new Map<string, KmsKey>()
  const broken: string[] = []
  for (const { key_id: keyId, material, wrapped, account, region } of rows)
    try {
      keys.set(`${keyId}/${material}`, await unwrapKmsKey(wrapped, { account, region, keyId, material }, rootKey))
    } catch (error) {
      if (toSecretsError(error).code !== 'integrity') throw error
      broken.push(`material ${material} of the KMS key ${keyArn({ account, region, key_id: keyId })} does not open`)
    }
  return { keys, broken }
}

const problemOf = (version: Version, keys: ReadonlyMap<string, KmsKey>): string | undefined => {
  const { account, region, arn, version_id: versionId, kind, sealed_value, wrapped_data_key } = version
  const key = keys.get(`${version.kms_key_id}/${version.kms_material}`)
  if (!key) return 'its KMS key is missing or damaged'
  if (!kind || !sealed_value || !wrapped_data_key) return 'it is not whole'
  try {
    const envelope = { sealedValue: sealed_value, wrappedDataKey: wrapped_data_key }
    openValue(envelope, { account, region, arn, versionId, kind }, key).fill(0)
    return undefined
  } catch (error) {
    if (!(error instanceof SecretsError) || error.code !== 'integrity') throw error
    return 'it does not open'
  }
}
