import type { SecretChange } from './changes/secret-changes.ts'
import type { ManySecrets } from './many.ts'
import {
  type GetSecretJsonOptions,
  type GetSecretOptions,
  type GetSecretSyncOptions,
  SecretsManager,
} from './secrets-manager.ts'
import type { StandardSchema } from './standard-schema.ts'
import type { WithSecretOptions } from './with-secret/with-secret.ts'
import type { SecretVersion } from '@keyplane/core'

let manager: SecretsManager | undefined

/**
 * The process's own manager, made from its environment at the first call.
 * @throws SecretsError `config_invalid`, with every problem in one message.
 */
export const getSecretsManager = (): SecretsManager => {
  manager ??= new SecretsManager()
  return manager
}

/** Closes and forgets the process's manager; the next call makes a new one from the environment as it is then. */
export const resetSecretsManager = async (): Promise<void> => {
  const closing = manager
  manager = undefined
  await closing?.close()
}

/** `SecretsManager.getSecret` of the process's own manager. */
export function getSecret(key: string, fallback: string, options?: GetSecretOptions): Promise<string>
export function getSecret(key: string, fallback?: string, options?: GetSecretOptions): Promise<string | undefined>
export function getSecret(key: string, fallback?: string, options?: GetSecretOptions): Promise<string | undefined> {
  return getSecretsManager().getSecret(key, fallback, options)
}

/** `SecretsManager.getSecretJson` of the process's own manager. */
export const getSecretJson = <T = Readonly<Record<string, unknown>>>(
  key: string,
  fallback?: T,
  options?: GetSecretJsonOptions<T>,
): Promise<T | undefined> => getSecretsManager().getSecretJson(key, fallback, options)

/** `SecretsManager.listSecrets` of the process's own manager. */
export const listSecrets = (prefix?: string, options?: GetSecretOptions): Promise<string[]> =>
  getSecretsManager().listSecrets(prefix, options)

/** `SecretsManager.refresh` of the process's own manager. */
export const refresh = (key?: string): Promise<void> => getSecretsManager().refresh(key)

/** `SecretsManager.getSecretSync` of the process's own manager. */
export function getSecretSync(key: string, fallback: string, options?: GetSecretSyncOptions): string
export function getSecretSync(key: string, fallback?: string, options?: GetSecretSyncOptions): string | undefined
export function getSecretSync(key: string, fallback?: string, options?: GetSecretSyncOptions): string | undefined {
  return getSecretsManager().getSecretSync(key, fallback, options)
}

/** `SecretsManager.getMany` of the process's own manager. */
export const getMany = <const Key extends string>(
  keys: readonly Key[],
  options?: GetSecretOptions,
): Promise<ManySecrets<Key>> => getSecretsManager().getMany(keys, options)

/** `SecretsManager.preload` of the process's own manager. */
export const preload = (keys: readonly string[], options?: GetSecretOptions): Promise<void> =>
  getSecretsManager().preload(keys, options)

/** `SecretsManager.withSecret` of the process's own manager. */
export const withSecret = <T>(
  key: string,
  use: (secret: string, version: SecretVersion) => T | Promise<T>,
  options?: WithSecretOptions,
): Promise<T> => getSecretsManager().withSecret(key, use, options)

/** `SecretsManager.onChange` of the process's own manager. */
export const onChange = (
  key: string,
  listener: (secret: string | undefined, change: SecretChange) => unknown,
): (() => void) => getSecretsManager().onChange(key, listener)

/** `SecretsManager.withSecretJson` of the process's own manager. */
export const withSecretJson = <T, Document = Readonly<Record<string, unknown>>>(
  key: string,
  use: (document: Document, version: SecretVersion) => T | Promise<T>,
  options?: WithSecretOptions & { readonly schema?: StandardSchema<Document> },
): Promise<T> => getSecretsManager().withSecretJson(key, use, options)

/** `SecretsManager.resolve` of the process's own manager. */
export const resolve = <T>(data: T, options?: Pick<GetSecretOptions, 'signal'>): Promise<T> =>
  getSecretsManager().resolve(data, options)
