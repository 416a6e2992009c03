import type { ServiceConfig } from '../config/service-config.ts'
import { openSharedCache } from '../shared-cache/open-shared-cache.ts'
import { type EnvironmentParts, type OpenEnvironment, openEnvironment } from './open-environment.ts'

export interface OpenEnvironments {
  /** By name. */
  readonly environments: ReadonlyMap<string, OpenEnvironment>
  close(): Promise<void>
}

/** Opens every environment, and the cache that they share: all of them, or none. @throws SecretsError as opening a source, `config_invalid`. */
export const openEnvironments = async (config: ServiceConfig, parts: EnvironmentParts): Promise<OpenEnvironments> => {
  const environments = new Map<string, OpenEnvironment>()
  const sharedCache = await openSharedCache(config, parts)
  const close = async (): Promise<void> => {
    await Promise.all([...environments.values()].map(({ secrets }) => secrets.close()))
    sharedCache?.close()
  }
  try {
    for (const [name, environment] of config.environments)
      environments.set(name, await openEnvironment(environment, { ...parts, sharedCache }))
    return { environments, close }
  } catch (thrown) {
    await close()
    throw thrown
  }
}
