import { partitionOf } from '@keyplane/aws'
import { type AuditRecord, type Clock, type Random, SecretsError, uuid } from '@keyplane/core'
import type { Statement, Writer } from '@keyplane/database'
import { type KmsKey, makeKmsKey, unwrapKmsKey } from '@keyplane/sealing'
import type { FollowedRootKey } from '../storage/follow-root-key.ts'
import type { KmsKeysTable } from '../storage/kms-keys-table.ts'
import type { KmsKeyRow } from '../storage/tables.ts'

/** The alias of the key that an account has in each region without asking for it. */
export const defaultKeyAlias = 'alias/aws/secretsmanager'

export interface KmsKeysParts {
  readonly table: KmsKeysTable
  readonly writer: Writer
  readonly rootKey: FollowedRootKey
  readonly clock: Clock
  readonly random: Random
}

/** What a new key is to be. */
export type NewKey = Pick<KmsKeyRow, 'account' | 'region' | 'alias' | 'description' | 'policy'>

/** How often a key is made anew where the root key is changed before it is stored. */
export const maxMakings = 3

/** A key that was made, and the statements that store it: a conflict where the root key was changed meanwhile. */
export interface MadeKey {
  readonly row: KmsKeyRow
  readonly statements: readonly Statement[]
}

/** The KMS keys of the store: made, found, and their materials unwrapped when first used and kept in memory. */
export class KmsKeys {
  readonly table: KmsKeysTable
  readonly #parts: KmsKeysParts
  readonly #unwrapped = new Map<string, Promise<KmsKey>>()
  readonly #managed = new Map<string, KmsKeyRow>()

  constructor(parts: KmsKeysParts) {
    this.#parts = parts
    this.table = parts.table
  }

  /** A key by its id and the material that wrapped something. */
  get(keyId: string, material: number): Promise<KmsKey> {
    return remembered(this.#unwrapped, `${keyId}/${material}`, () => this.#unwrap(keyId, material))
  }

  /** A key's row by its id. Those of AWS's services never change but for their material, and are kept. */
  async row(keyId: string): Promise<KmsKeyRow | undefined> {
    const known = this.#managed.get(keyId)
    if (known) return known
    const row = await this.table.byId(keyId)
    if (row && row.alias !== null) this.#managed.set(keyId, row)
    return row
  }

  /** An account's default key in a region, made when it is first needed. */
  async default(account: string, region: string): Promise<KmsKeyRow> {
    const known = await this.table.byAlias(account, region, defaultKeyAlias)
    return known ?? this.#makeDefault(account, region)
  }

  /** A new key. It is there when its statements are. */
  async make(key: NewKey): Promise<MadeKey> {
    const { rootKey, clock, random } = this.#parts
    const { account, region } = key
    const [keyId, created_at_ms] = [uuid(random), clock.nowMs()]
    const unchanged = await rootKey.unchanged()
    const { wrapped } = await makeKmsKey({ account, region, keyId, material: 1 }, rootKey, random)
    const row: KmsKeyRow = {
      ...key,
      key_id: keyId,
      state: 'enabled',
      current_material: 1,
      created_at_ms,
      deletion_at_ms: null,
      rotates: 0,
    }
    const material = { key_id: keyId, material: 1, wrapped, created_at_ms }
    return { row, statements: [unchanged, ...this.table.insert(row, material)] }
  }

  async #unwrap(keyId: string, material: number): Promise<KmsKey> {
    const [key, stored] = await Promise.all([this.table.byId(keyId), this.table.material(keyId, material)])
    if (!key || !stored) throw new SecretsError('integrity', `The KMS key ${JSON.stringify(keyId)} is missing.`)
    const id = { account: key.account, region: key.region, keyId, material }
    return unwrapKmsKey(stored.wrapped, id, this.#parts.rootKey)
  }

  async #makeDefault(account: string, region: string): Promise<KmsKeyRow> {
    const { writer } = this.#parts
    for (let making = 0; making < maxMakings; making += 1) {
      const { row, statements } = await this.make({
        account,
        region,
        alias: defaultKeyAlias,
        description: 'Default key that protects my Secrets Manager data when no other key is defined',
        policy: null,
      })
      if ((await writer.write({ statements, audit: [this.#defaultMade(row)] })) === 'committed') return row
      const theirs = await this.table.byAlias(account, region, defaultKeyAlias)
      if (theirs) return theirs
    }
    throw new SecretsError('internal', 'The default key could neither be made nor found.')
  }

  #defaultMade(row: KmsKeyRow): AuditRecord {
    const { clock, random } = this.#parts
    return {
      atMs: clock.nowMs(),
      actor: 'keyplane:store',
      action: 'kms:CreateKey',
      resource: keyArn(row),
      decision: 'allow',
      requestId: uuid(random),
      detail: { Alias: defaultKeyAlias },
    }
  }
}

export const keyArn = ({ account, region, key_id }: Pick<KmsKeyRow, 'account' | 'region' | 'key_id'>): string =>
  `arn:${partitionOf(region).name}:kms:${region}:${account}:key/${key_id}`

export const aliasArn = (name: string, { account, region }: Pick<KmsKeyRow, 'account' | 'region'>): string =>
  `arn:${partitionOf(region).name}:kms:${region}:${account}:${name}`

/** A failure is not remembered: the next call tries again. */
const remembered = <T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> => {
  const found = known.get(key)
  if (found) return found
  const made = make()
  known.set(key, made)
  made.catch(() => known.delete(key))
  return made
}
