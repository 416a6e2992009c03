import { type Random, type SecretProvider, SecretsError, toSecretsError } from '@keyplane/core'
import { namedProvider, openSecrets, type SecretsLog, type SecretsManager } from '@keyplane/secrets'
import { hasVariables } from '../config/environment-of.ts'
import type { EnvironmentConfig, SourceConfig } from '../config/service-config.ts'
import type { SharedCache } from '../shared-cache/open-shared-cache.ts'
import { byVariable } from './by-variable.ts'
import { keptBetween } from './kept-between.ts'
import { longestStaleMs } from './longest-stale.ts'
import { type OpenSource, openSource, type SourceParts } from './open-source.ts'

export interface EnvironmentParts extends Pick<SourceParts, 'env' | 'clock' | 'correlationId' | 'refusals'> {
  readonly random: Random
  readonly log: SecretsLog
  /** Default: the shipped providers. */
  readonly open?: OpenSource
}

/** What environments have in common. */
export interface CommonParts extends EnvironmentParts {
  /** For environments with `cache: redis`. */
  readonly sharedCache?: SharedCache | undefined
}

/** An environment whose sources are open. */
export interface OpenEnvironment {
  readonly config: EnvironmentConfig
  readonly secrets: SecretsManager
  /** What its own source and its fallbacks are called in answers, in this order. */
  readonly sourceNames: readonly string[]
  /** The sources themselves in this order, without cache and retries: to look how they stand. */
  readonly sources: readonly SecretProvider[]
}

/** A source that hangs is given up in time for a fallback to answer within two seconds. */
const attemptTimeout = '1800ms'
const maxEntries = 10_000

/** Opens an environment's sources. Close its `secrets` when done. @throws SecretsError as opening a source does. */
export const openEnvironment = async (
  config: EnvironmentConfig,
  { env, clock, random, log, correlationId, refusals, sharedCache, open = openSource }: CommonParts,
): Promise<OpenEnvironment> => {
  const providers: SecretProvider[] = []
  try {
    const dynamic = dynamicRefs(config)
    for (const [name, source] of named(config.sources)) {
      const isOwn = source === config.sources[0]
      const onProblem = (problem: string): void => log.warn(problem, { environment: config.name, source: name })
      const opened = await open(source, {
        env,
        clock,
        onProblem,
        refusals,
        ...(isOwn && dynamic.length > 0 && { dynamic }),
        ...(correlationId && { correlationId }),
      })
      providers.push(namedProvider(name, hasVariables(source) ? byVariable(opened) : opened))
    }
  } catch (thrown) {
    await Promise.allSettled(providers.map(async (provider) => provider.close?.()))
    const { code, message, source, reason } = toSecretsError(thrown)
    throw new SecretsError(code, `${config.name}: ${message}`, {
      cause: thrown,
      ...(source !== undefined && { source }),
      ...(reason !== undefined && { reason }),
    })
  }
  const between = keptBetween(config, new Map(named(config.sources)), {
    clock,
    random,
    log,
    sharedCache,
    onChange: (change) => secrets.invalidate(change),
  })
  const secrets = openSecrets({
    providers,
    between,
    environment: false,
    // A fallback would undo a refusal.
    strict: 'refusals',
    cacheTtl: `${config.ttlMs}ms`,
    cache: { maxEntries: config.cache === 'none' ? 0 : maxEntries, maxStale: `${longestStaleMs(config)}ms` },
    leases: { budget: config.leaseBudget },
    attemptTimeout,
    // The service has its own configuration; the library's variables are for programs that use the library.
    env: {},
    log,
    clock,
    random,
  })
  const sourceNames = Object.freeze(providers.map(({ name }) => name))
  return Object.freeze({ config, secrets, sourceNames, sources: Object.freeze(providers) })
}

/** Each source by a name of its own: the second of a kind is `aws-2`. */
const named = (sources: readonly SourceConfig[]): [string, SourceConfig][] => {
  const counts = new Map<string, number>()
  return sources.map((source) => {
    const name = source.kind === 'named' ? source.name : source.kind
    const count = (counts.get(name) ?? 0) + 1
    counts.set(name, count)
    return [count === 1 ? name : `${name}-${count}`, source]
  })
}

/** What the own source makes for the service, instead of reading it. */
const dynamicRefs = ({ tools }: EnvironmentConfig): readonly string[] =>
  [...tools.values()].flatMap(({ secrets }) =>
    [...secrets.values()].flatMap(({ ref, dynamic }) => (dynamic ? [ref] : [])),
  )
