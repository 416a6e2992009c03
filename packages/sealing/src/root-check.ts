import { hkdfSync } from 'node:crypto'
import { type Random, SecretsError } from '@keyplane/core'
import type { RootKey } from './root-key.ts'

const checkBytes = 32

/** A value sealed under the root key, stored so that another root key is told at start. */
export const makeRootCheck = (rootKey: RootKey, storeId: string, random: Random): Promise<Uint8Array> =>
  rootKey.wrap(random.bytes(checkBytes), { purpose: 'root-check', storeId })

/**
 * Holds if the store was made under this root key.
 * @throws SecretsError `source_misconfigured` (reason `wrong_root_key`) if not.
 */
export const verifyRootCheck = async (rootKey: RootKey, storeId: string, check: Uint8Array): Promise<void> => {
  ;(await openRootCheck(rootKey, storeId, check)).fill(0)
}

/**
 * The same check under another root key, so that what was derived from it stays the same.
 * @throws SecretsError `source_misconfigured` (reason `wrong_root_key`) if the first is not the store's.
 */
export const rewrapRootCheck = async (
  check: Uint8Array,
  storeId: string,
  rootKeys: { readonly from: RootKey; readonly to: RootKey },
): Promise<Uint8Array> => {
  const secret = await openRootCheck(rootKeys.from, storeId, check)
  try {
    return await rootKeys.to.wrap(secret, { purpose: 'root-check', storeId })
  } finally {
    secret.fill(0)
  }
}

export interface StoreKeyUse {
  readonly storeId: string
  /** What `makeRootCheck` gave for the store. */
  readonly check: Uint8Array
  /** What the key is for; another text gives another key. */
  readonly purpose: string
}

/**
 * A key of 32 bytes that only who has the root key can derive, the same each time (HKDF-SHA-256 over the random bytes in
 * the store's root check).
 * @throws SecretsError `source_misconfigured` (reason `wrong_root_key`) for another root key.
 */
export const deriveStoreKey = async (
  rootKey: RootKey,
  { storeId, check, purpose }: StoreKeyUse,
): Promise<Uint8Array> => {
  const secret = await openRootCheck(rootKey, storeId, check)
  try {
    return new Uint8Array(hkdfSync('sha256', secret, storeId, purpose, 32))
  } finally {
    secret.fill(0)
  }
}

const openRootCheck = async (rootKey: RootKey, storeId: string, check: Uint8Array): Promise<Uint8Array> => {
  try {
    return await rootKey.unwrap(check, { purpose: 'root-check', storeId })
  } catch (error) {
    if (!(error instanceof SecretsError) || error.code !== 'integrity') throw error
    throw new SecretsError(
      'source_misconfigured',
      'The root key is not the one that this store was made with. Nothing was changed; give the right root key.',
      { reason: 'wrong_root_key', cause: error },
    )
  }
}
