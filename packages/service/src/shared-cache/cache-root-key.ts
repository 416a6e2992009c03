import { type Clock, type Random, SecretsError } from '@keyplane/core'
import { openBaoClient, transitKey } from '@keyplane/openbao'
import { fileRootKey, keyServiceRootKey, type RootKey } from '@keyplane/sealing'
import { openBaoOptions } from '@keyplane/secrets/providers'
import type { CacheKeyConfig } from '../config/service-config.ts'

export interface CacheRootKeyParts {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly random: Random
}

/** The key that wraps the keys of the shared cache. @throws SecretsError `config_invalid` where the file is none, or may be read by others. */
export const cacheRootKey = async (
  config: CacheKeyConfig,
  { env, clock, random }: CacheRootKeyParts,
): Promise<RootKey> => {
  if (config.kind === 'transit') {
    const { key, mount, variables } = config
    const open = async () =>
      openBaoClient({ ...(await openBaoOptions({ env: { ...env, ...variables }, clock })), clock })
    await openBaoOptions({ env: { ...env, ...variables }, clock })
    return keyServiceRootKey({ name: 'openbao', service: transitKey({ key, mount, open }) }).open()
  }
  try {
    // Told that there is one already, it makes none: all replicas are to have the same.
    return await fileRootKey({ path: config.file, random }).open('')
  } catch (cause) {
    if (!(cause instanceof SecretsError)) throw cause
    const isMissing = cause.reason === 'no_root_key'
    const what = isMissing ? `There is no file ${JSON.stringify(config.file)}.` : cause.message
    throw new SecretsError('config_invalid', `cacheKey: ${what}`, { cause })
  }
}
