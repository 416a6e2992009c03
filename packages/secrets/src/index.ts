/**
 * A program's secrets: `getSecret('API_KEY')` from a chain of sources, each behind one cache that shares calls, judges
 * freshness and covers failures. Use `openSecrets` in new code. It writes no value to a log or a disk, and loads a source
 * only when it is used.
 */
export type { ChainCall } from './chain/chain.ts'
export type { Explanation, ExplanationStep } from './chain/explanation.ts'
export type { FailureKind } from './chain/failure-kind.ts'
export type { SecretsLog } from './chain/reports.ts'
export type { ReadCounts, ReadOutcome } from './chain/tally.ts'
export { type Environment, readSettings, type SecretsSettings } from './config.ts'
export {
  getSecret,
  getSecretJson,
  getSecretsManager,
  listSecrets,
  refresh,
  resetSecretsManager,
} from './default-manager.ts'
export { openSecrets } from './open-secrets.ts'
export type { CacheSettings, SecretsManagerOptions } from './manager-options.ts'
export { type GetSecretJsonOptions, type GetSecretOptions, SecretsManager } from './secrets-manager.ts'
export type { StandardSchema } from './standard-schema.ts'
export type { SecretProvider, SecretRef, SecretVersion } from '@keyplane/core'
export { BytesValue, SecretsError, TextValue } from '@keyplane/core'
export { maskingHook, maskSecret, maskSecrets, maskSecretsInDict } from '@keyplane/masking'
export {
  type AgentProviderOptions,
  agentProvider,
  type AwsProviderOptions,
  awsIdentity,
  awsProvider,
  envProvider,
  fileProvider,
  memoryProvider,
} from '@keyplane/providers'
