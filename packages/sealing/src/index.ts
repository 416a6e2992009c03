/**
 * Envelope encryption for values at rest: each value under a data key of its own, data keys under a KMS key, KMS keys
 * under a root key, every blob bound to the place it belongs to. Use it to store secrets. It stores nothing itself
 * but a root key's file, durably, keeps no value, and never says more of a failure than that a blob does not open.
 */
export { associatedData, type Binding, type CachedPlace, formatVersion, type ValueOwner } from './binding.ts'
export {
  type Envelope,
  type EnvelopeOwner,
  openDataKey,
  openValue,
  openWithDataKey,
  rewrapDataKey,
  sealValue,
} from './envelope.ts'
export { type EnvironmentRootKeyOptions, environmentRootKey } from './key-sources/environment.ts'
export { type FileRootKeyOptions, fileRootKey, nextRootKeySuffix } from './key-sources/file.ts'
export { type KeyService, type KeyServiceRootKeyOptions, keyServiceRootKey } from './key-sources/key-service.ts'
export { type Argon2Cost, type PassphraseRootKeyOptions, passphraseRootKey } from './key-sources/passphrase.ts'
export { type KmsKey, type KmsKeyId, makeKmsKey, rewrapKmsKey, unwrapKmsKey } from './kms-key.ts'
export { localRootKey, rootKeyBytes } from './local-root-key.ts'
export { type PrivateFileOptions, syncFolder, writeFailure, writePrivateFile } from './private-file.ts'
export { deriveStoreKey, makeRootCheck, rewrapRootCheck, type StoreKeyUse, verifyRootCheck } from './root-check.ts'
export { type SealingKey, seal, unseal } from './sealed-blob.ts'
export type { RootKey, RootKeySource } from './root-key.ts'
