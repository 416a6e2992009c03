import type { Change, Clock, Random, SecretProvider } from '@keyplane/core'
import type { SecretsLog } from '@keyplane/secrets'
import type { EnvironmentConfig, SourceConfig } from '../config/service-config.ts'
import { withPolling } from '../polling/with-polling.ts'
import { onceIn } from '../shared-cache/once-in.ts'
import type { SharedCache } from '../shared-cache/open-shared-cache.ts'

export interface KeptBetweenParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: SecretsLog
  readonly sharedCache?: SharedCache | undefined
  readonly onChange: (change: Change) => void
}

/** The layers of an environment between the cache in this process and a source: what replicas share, what looks for changes. */
export const keptBetween =
  (
    environment: EnvironmentConfig,
    sourceConfigs: ReadonlyMap<string, SourceConfig>,
    { clock, random, log, sharedCache, onChange }: KeptBetweenParts,
  ) =>
  (source: SecretProvider): SecretProvider => {
    const { name, cache, ttlMs, pollIntervalMs: intervalMs } = environment
    if (cache === 'none') return source
    const sourceConfig = sourceConfigs.get(source.name)
    const shared =
      cache === 'redis' && sourceConfig ? sharedCache?.over(source, { environment, sourceConfig, onChange }) : undefined
    if (intervalMs === 0) return shared ?? source
    return withPolling(shared ?? source, {
      intervalMs,
      inUseMs: ttlMs + intervalMs,
      clock,
      random,
      ...(shared && { forget: shared.forget, claim: shared.claim }),
      onChange,
      onProblem: onceIn(clock, (problem) => log.warn(problem, { environment: name, source: source.name })),
    })
  }
