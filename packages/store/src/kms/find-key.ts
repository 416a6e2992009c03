import { parseKeyId, type NamedKey } from './parse-key-id.ts'
import type { Caller } from '../caller.ts'
import type { KmsKeysTable } from '../storage/kms-keys-table.ts'
import type { KmsKeyRow } from '../storage/tables.ts'

/** A key, and the alias that led to it. */
export interface FoundKey {
  readonly key: KmsKeyRow
  readonly requestAlias?: string
}

/** Where keys are found. */
export interface KeySource {
  readonly kmsKeys: { readonly table: KmsKeysTable }
}

/**
 * The key that a text names, be it an id, an ARN, an alias or an alias's ARN; `undefined` for one that is not there, or
 * not in the caller's region. Ids and aliases mean keys of the caller's account, ARNs those of any.
 */
export const findKey = async (
  { kmsKeys }: KeySource,
  given: string,
  place: Pick<Caller, 'account' | 'region'>,
): Promise<FoundKey | undefined> => {
  const named = parseKeyId(given, place)
  if (!named || named.region !== place.region) return undefined
  const key = 'alias' in named ? await byAlias(kmsKeys, named) : await kmsKeys.table.byId(named.keyId)
  if (!key || key.account !== named.account || key.region !== named.region) return undefined
  return { key, ...('alias' in named && { requestAlias: named.alias }) }
}

const byAlias = async (
  kmsKeys: KeySource['kmsKeys'],
  { account, region, alias }: Extract<NamedKey, { readonly alias: string }>,
): Promise<KmsKeyRow | undefined> => {
  if (alias.startsWith('alias/aws/')) return kmsKeys.table.byAlias(account, region, alias)
  const row = await kmsKeys.table.alias({ account, region }, alias)
  return row && kmsKeys.table.byId(row.key_id)
}
