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
  try {
    await rootKey.unwrap(check, { purpose: 'root-check', storeId })
  } catch (error) {
    if (!(error instanceof SecretsError) || error.code !== 'integrity') throw error
    throw new SecretsError(
      'source_misconfigured',
      'The root key is not the one that this store was made with. Nothing was changed; give the right root key.',
      { reason: 'wrong_root_key', cause: error },
    )
  }
}
