import type { Clock, Random } from '@keyplane/core'
import type { Reader, SharedWriter } from '@keyplane/database'
import type { RootKey } from '@keyplane/sealing'
import type { Readiness } from './readiness.ts'
import type { StoreRow, StoreTables } from './storage/tables.ts'

/** A store that is open, and not served yet. */
export interface OpenedStore {
  readonly clock: Clock
  readonly random: Random
  readonly reader: Reader<StoreTables>
  readonly storeWriter: SharedWriter
  /** The same one, watched. */
  readonly writer: Readiness
  readonly store: StoreRow
  readonly rootKey: RootKey
}
