import { type Clock, type Random, SecretsError } from '@keyplane/core'
import { openBaoClient, type RefusalLedger, transitKey } from '@keyplane/openbao'
import { fileRootKey, keyServiceRootKey, type RootKey } from '@keyplane/sealing'
import { openBaoOptions } from '@keyplane/secrets/providers'
import type { CacheKeyConfig } from '../config/service-config.ts'

export interface CacheRootKeyParts {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly random: Random
  /** Where refused logins to OpenBao are kept. Default: this process's memory. */
  readonly refusals?: RefusalLedger | undefined
}

/** The key that wraps the keys of the shared cache. @throws SecretsError `config_invalid` where the file is none, or may be read by others. */
export const cacheRootKey = async (config: CacheKeyConfig, parts: CacheRootKeyParts): Promise<RootKey> => {
  try {
    if (config.kind === 'transit') return await transitRootKey(config, parts)
    // Told that there is one already, it makes none: all replicas are to have the same.
    return await fileRootKey({ path: config.file, random: parts.random }).open('')
  } catch (cause) {
    if (!(cause instanceof SecretsError)) throw cause
    const isMissing = config.kind === 'file' && cause.reason === 'no_root_key'
    const what = isMissing ? `There is no file ${JSON.stringify(config.file)}.` : cause.message
    throw new SecretsError('config_invalid', `cacheKey: ${what}`, { cause })
  }
}

const transitRootKey = async (
  { key, mount, variables }: Extract<CacheKeyConfig, { readonly kind: 'transit' }>,
  { env, clock, refusals }: CacheRootKeyParts,
): Promise<RootKey> => {
  const settings = { env: { ...env, ...variables }, clock, refusals }
  // What is wrong with them is to be told at once, not when the key is asked for.
  await openBaoOptions(settings)
  const open = async () => openBaoClient({ ...(await openBaoOptions(settings)), clock })
  return keyServiceRootKey({ name: 'openbao', service: transitKey({ key, mount, open }) }).open()
}
