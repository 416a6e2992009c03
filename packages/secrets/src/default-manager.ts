import { type GetSecretJsonOptions, type GetSecretOptions, SecretsManager } from './secrets-manager.ts'

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
