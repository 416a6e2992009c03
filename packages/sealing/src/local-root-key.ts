import { createSecretKey } from 'node:crypto'
import { type Random, SecretsError } from '@keyplane/core'
import type { RootKey } from './root-key.ts'
import { seal, unseal } from './sealed-blob.ts'

/** Bytes in a root key that this process holds. */
export const rootKeyBytes = 32

/**
 * A root key in this process's memory, made from its 32 bytes. The caller may clear them afterwards.
 * @throws SecretsError `source_misconfigured` for another number of bytes.
 */
export const localRootKey = (bytes: Uint8Array, random: Random, descriptor = ''): RootKey => {
  if (bytes.length !== rootKeyBytes)
    throw new SecretsError(
      'source_misconfigured',
      `A root key has ${rootKeyBytes} bytes; this one has ${bytes.length}.`,
    )
  const key = createSecretKey(bytes)
  return Object.freeze<RootKey>({
    descriptor,
    wrap: async (plain, binding) => seal(plain, key, binding, random),
    unwrap: async (wrapped, binding) => unseal(wrapped, key, binding),
  })
}
