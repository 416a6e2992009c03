import type { EnvironmentConfig, SecretConfig } from '../config/service-config.ts'
import type { OpenEnvironment } from '../environments/open-environment.ts'
import { isLasting } from '../tools/is-lasting.ts'
import { type HealthParts, type OpenHealth, openHealth } from './openbao-probe.ts'
import { fileProbe, type Probe, readProbe } from './probe.ts'

/** A source of an environment, and how to look at it. */
export interface WatchedSource {
  readonly name: string
  readonly probe: Probe
  /** The probe costs the source next to nothing. */
  readonly isQuick: boolean
  readonly close: () => void
}

/** The sources of an environment that can be probed: by their own health, or by a read of one configured secret. */
export const watchedSources = async (
  { config, sources }: OpenEnvironment,
  { open = openHealth, ...parts }: HealthParts & { readonly open?: OpenHealth | undefined },
): Promise<readonly WatchedSource[]> => {
  const first = firstLasting(config)
  const watched: WatchedSource[] = []
  for (const [index, source] of sources.entries()) {
    const settings = config.sources[index]
    // A fallback has to give values, which its health says nothing of.
    const health = settings && index === 0 ? await open(settings, parts) : undefined
    const { name } = source
    if (health) watched.push({ name, isQuick: true, ...health })
    else {
      const probe: Probe = first
        ? readProbe(source, first.ref, parts.clock)
        : async () => ({ isWell: true, state: 'unknown' })
      const whole = settings?.kind === 'env' ? fileProbe(settings.file, probe) : probe
      watched.push({ name, probe: whole, isQuick: false, close: () => {} })
    }
  }
  return watched
}

const firstLasting = ({ tools }: EnvironmentConfig): SecretConfig | undefined => {
  for (const { secrets } of tools.values()) for (const secret of secrets.values()) if (isLasting(secret)) return secret
  return undefined
}
