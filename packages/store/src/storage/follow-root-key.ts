import { SecretsError, toSecretsError } from '@keyplane/core'
import type { Reader, Statement } from '@keyplane/database'
import { type RootKey, type RootKeySource, verifyRootCheck } from '@keyplane/sealing'
import { sql } from 'kysely'
import { storeRow } from './store-row.ts'
import type { StoreRow, StoreTables } from './tables.ts'

export interface FollowRootKeyParts {
  readonly reader: Reader<StoreTables>
  readonly source: RootKeySource
  readonly store: StoreRow
  readonly rootKey: RootKey
}

/** A root key that follows the store's when it is changed while the store runs. */
export class FollowedRootKey implements RootKey {
  readonly #parts: FollowRootKeyParts
  #store: StoreRow
  #rootKey: RootKey

  constructor(parts: FollowRootKeyParts) {
    this.#parts = parts
    this.#store = parts.store
    this.#rootKey = parts.rootKey
  }

  get descriptor(): string {
    return this.#rootKey.descriptor
  }

  /** Under the key that the store has at this moment; see `unchanged`. */
  async wrap(...call: Parameters<RootKey['wrap']>): Promise<Uint8Array> {
    await this.follow()
    return this.#rootKey.wrap(...call)
  }

  async unwrap(...call: Parameters<RootKey['unwrap']>): Promise<Uint8Array> {
    try {
      return await this.#rootKey.unwrap(...call)
    } catch (error) {
      if (toSecretsError(error).code !== 'integrity' || !(await this.follow())) throw error
      return this.#rootKey.unwrap(...call)
    }
  }

  /**
   * Lets a change pass only while the store has the root key of this moment. To be had before anything is wrapped, and the
   * first statement of what stores it: a change of the root key waits for it then, or is seen by it.
   */
  async unchanged(): Promise<Statement> {
    await this.follow()
    const { root_key_check: check } = this.#store
    const { reader } = this.#parts
    const same = sql`update store set root_key_check = root_key_check where root_key_check = ${check}`
    return { sql: same.compile(reader.query).sql, parameters: [check], expectRows: 1 }
  }

  /**
   * Whether the store's root key was changed since it was last looked at; then it is opened anew.
   * @throws SecretsError `source_misconfigured` (`root_key_changed`) where the new one is not had, and what its source says.
   */
  async follow(): Promise<boolean> {
    const { reader, source } = this.#parts
    const store = await storeRow(reader)
    if (!store) throw new SecretsError('integrity', 'The row that says whose store this is has been removed.')
    if (Buffer.from(store.root_key_check).equals(this.#store.root_key_check)) return false
    this.#rootKey = await openAnew(source, store)
    this.#store = store
    return true
  }
}

/** What it fails with names the cause: whoever runs this store may not be the one who changed the key. */
const openAnew = async (source: RootKeySource, store: StoreRow): Promise<RootKey> => {
  try {
    const rootKey = await source.open(store.root_key_descriptor)
    await verifyRootCheck(rootKey, store.id, store.root_key_check)
    return rootKey
  } catch (error) {
    const { code } = toSecretsError(error)
    if (code !== 'source_misconfigured' && code !== 'config_invalid') throw error
    throw new SecretsError(
      'source_misconfigured',
      store.root_key_source === 'file' && source.name === 'file'
        ? 'The root key was changed by another process; put the new one in the data folder as root.key.next.'
        : `The root key was changed by another process, and comes from ${store.root_key_source}; start this store again with it.`,
      { reason: 'root_key_changed', cause: error },
    )
  }
}
