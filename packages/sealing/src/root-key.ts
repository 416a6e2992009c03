import type { Binding } from './binding.ts'

/** The key above all keys, in use. It may live elsewhere (AWS KMS, OpenBao transit): it wraps and unwraps, and is never given out. */
export interface RootKey {
  /**
   * What the source needs to find the same key again, to be stored beside what it wrapped: a salt with its cost
   * parameters, a key's ARN. Nothing secret; empty where nothing is needed.
   */
  readonly descriptor: string
  wrap(plain: Uint8Array, binding: Binding): Promise<Uint8Array>
  /** @throws SecretsError `integrity` if the blob was altered, or belongs to another binding or root key. */
  unwrap(wrapped: Uint8Array, binding: Binding): Promise<Uint8Array>
}

/** Where a root key comes from: a file, the environment, a passphrase, a key service. */
export interface RootKeySource {
  /** The source's name as in the configuration: `file`. */
  readonly name: string
  /**
   * The root key. `descriptor` is what the key of an existing store gave when it was made; absent for a new store, and
   * only then may the source make a new key.
   * @throws SecretsError `source_misconfigured` if the key is missing, malformed or readable by others.
   */
  open(descriptor?: string): Promise<RootKey>
}
