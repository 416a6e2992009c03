/**
 * A program's secrets: `getSecret('API_KEY')` from a chain of sources, each behind one cache that shares calls, judges
 * freshness and covers failures. Use `openSecrets` in new code. It writes no value to a log or a disk, and loads a source
 * only when it is used.
 */
export { cacheKey } from './cache/cache-key.ts'
export { type FailureEffect, onFailure } from './cache/on-failure.ts'
export type { ChainCall } from './chain/chain.ts'
export type { Explanation, ExplanationStep } from './chain/explanation.ts'
export type { FailureKind } from './chain/failure-kind.ts'
export { isAbsence, type SecretsLog } from './chain/reports.ts'
export type { Strictness } from './chain/strictness.ts'
export type { SecretChange } from './changes/secret-changes.ts'
export type { ReadCounts, ReadOutcome } from './chain/tally.ts'
export { type Environment, readSettings, type SecretsSettings } from './config.ts'
export {
  getMany,
  getSecret,
  getSecretJson,
  getSecretsManager,
  getSecretSync,
  listSecrets,
  onChange,
  preload,
  refresh,
  resetSecretsManager,
  resolve,
  withSecret,
  withSecretJson,
} from './default-manager.ts'
export type { ManySecrets } from './many.ts'
export { namedProvider } from './named-provider.ts'
export { openSecrets } from './open-secrets.ts'
export type { ReceiptOptions } from './receipts/receipt-options.ts'
export { fieldText } from './references/field-text.ts'
export { isReference, parseReference, type SecretReference } from './references/reference.ts'
export type { CacheSettings, SecretsManagerOptions } from './manager-options.ts'
export type { LeaseSettings } from './leases/lease-settings.ts'
export {
  type GetSecretJsonOptions,
  type GetSecretOptions,
  type GetSecretSyncOptions,
  SecretsManager,
} from './secrets-manager.ts'
export type { TelemetryOptions } from './telemetry/telemetry.ts'
export type { Parsed, StandardSchema } from './standard-schema.ts'
export {
  type DefinedSecrets,
  type DefineSecretsOptions,
  defineSecrets,
  type SecretDefinitions,
} from './typed/define-secrets.ts'
export {
  boolean,
  json,
  number,
  type SecretType,
  type SecretTypeOptions,
  secretType,
  string,
} from './typed/secret-types.ts'
export { isAuthenticationError } from './with-secret/authentication-error.ts'
export type { WithSecretOptions } from './with-secret/with-secret.ts'
export type { SecretProvider, SecretRef, SecretVersion } from '@keyplane/core'
export { BytesValue, SecretsError, TextValue } from '@keyplane/core'
export { maskingHook, maskSecret, maskSecrets, maskSecretsInDict } from '@keyplane/masking'
