import type { SecretsManagerOptions } from './manager-options.ts'
import { SecretsManager } from './secrets-manager.ts'

/**
 * A program's secrets, by the options given, else by its environment. The form for new code; close it when done.
 * @throws SecretsError `config_invalid`, with every problem in one message.
 */
export const openSecrets = (options: SecretsManagerOptions = {}): SecretsManager => new SecretsManager(options)
