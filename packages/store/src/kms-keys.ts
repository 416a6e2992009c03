import { partitionOf } from '@keyplane/aws'
import { type Clock, type Random, SecretsError, uuid } from '@keyplane/core'
import type { Writer } from '@keyplane/database'
import { type KmsKey, makeKmsKey, type RootKey, unwrapKmsKey } from '@keyplane/sealing'
import type { KmsKeysTable } from './storage/kms-keys-table.ts'

/** The alias of the key that an account has in each region without asking for it. */
export const defaultKeyAlias = 'alias/aws/secretsmanager'

export interface KmsKeysParts {
  readonly table: KmsKeysTable
  readonly writer: Writer
  readonly rootKey: RootKey
  readonly clock: Clock
  readonly random: Random
}

/** The KMS keys of the store, unwrapped when first used and kept in memory. */
export class KmsKeys {
  readonly #parts: KmsKeysParts
  readonly #unwrapped = new Map<string, Promise<KmsKey>>()
  readonly #defaults = new Map<string, Promise<KmsKey>>()

  constructor(parts: KmsKeysParts) {
    this.#parts = parts
  }

  /** A key by its id and the material that wrapped something. */
  get(keyId: string, material: number): Promise<KmsKey> {
    return remembered(this.#unwrapped, `${keyId}/${material}`, () => this.#unwrap(keyId, material))
  }

  /** An account's default key in a region; made when it is first needed. */
  default(account: string, region: string): Promise<KmsKey> {
    return remembered(this.#defaults, `${account}/${region}`, async () => {
      const known = await this.#findDefault(account, region)
      return known ?? (await this.#makeDefault(account, region))
    })
  }

  async #findDefault(account: string, region: string): Promise<KmsKey | undefined> {
    const row = await this.#parts.table.byAlias(account, region, defaultKeyAlias)
    return row && this.get(row.key_id, row.current_material)
  }

  async #unwrap(keyId: string, material: number): Promise<KmsKey> {
    const { table, rootKey } = this.#parts
    const [key, stored] = await Promise.all([table.byId(keyId), table.material(keyId, material)])
    if (!key || !stored) throw new SecretsError('integrity', `The KMS key ${JSON.stringify(keyId)} is missing.`)
    return unwrapKmsKey(stored.wrapped, { account: key.account, region: key.region, keyId, material }, rootKey)
  }

  async #makeDefault(account: string, region: string): Promise<KmsKey> {
    const { table, writer, rootKey, clock, random } = this.#parts
    const id = { account, region, keyId: uuid(random), material: 1 }
    const { kmsKey, wrapped } = await makeKmsKey(id, rootKey, random)
    const atMs = clock.nowMs()
    const [key_id, created_at_ms] = [id.keyId, atMs]
    const record = {
      atMs,
      actor: 'keyplane:store',
      action: 'kms:CreateKey',
      resource: `arn:${partitionOf(region).name}:kms:${region}:${account}:key/${id.keyId}`,
      decision: 'allow',
      requestId: uuid(random),
      detail: { Alias: defaultKeyAlias },
    } as const
    const outcome = await writer.write({
      statements: table.insert(
        { key_id, account, region, alias: defaultKeyAlias, state: 'enabled', current_material: 1, created_at_ms },
        { key_id, material: 1, wrapped, created_at_ms },
      ),
      audit: [record],
    })
    if (outcome === 'committed') return kmsKey
    const theirs = await this.#findDefault(account, region)
    if (theirs) return theirs
    throw new SecretsError('internal', 'The default key could neither be made nor found.')
  }
}

/** A failure is not remembered: the next call tries again. */
const remembered = <T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> => {
  const found = known.get(key)
  if (found) return found
  const made = make()
  known.set(key, made)
  made.catch(() => known.delete(key))
  return made
}
