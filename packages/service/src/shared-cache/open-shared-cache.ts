import { createHash } from 'node:crypto'
import type { Change, Clock, SecretProvider, Timer } from '@keyplane/core'
import type { SecretsLog } from '@keyplane/secrets'
import type { EnvironmentConfig, ServiceConfig, SourceConfig } from '../config/service-config.ts'
import { longestStaleMs } from '../environments/longest-stale.ts'
import { cacheSettings } from './cache-settings.ts'
import { cacheRootKey, type CacheRootKeyParts } from './cache-root-key.ts'
import { GuardedEntries } from './guarded-entries.ts'
import { Keyring } from './keyring.ts'
import { onceIn } from './once-in.ts'
import { Sealer } from './record.ts'
import { SharedRecords } from './shared-records.ts'
import { type SharedCacheProvider, withSharedCache } from './with-shared-cache.ts'

export interface SharedCacheParts extends CacheRootKeyParts {
  readonly log: SecretsLog
}

/** The cache that the replicas of a service share. */
export interface SharedCache {
  /** A source of an environment behind it. */
  over(source: SecretProvider, use: SharedCacheUse): SharedCacheProvider
  close(): void
}

export interface SharedCacheUse {
  readonly environment: EnvironmentConfig
  /** What the source was opened by: otherwise configured, it is another source. */
  readonly sourceConfig: SourceConfig
  readonly onChange: (change: Change) => void
}

const upkeepEveryMs = 5_000
const negativeTtlMs = 5_000
/** A start waits so long for the keys, so that a value in the cache helps the first reader too. */
const startPatienceMs = 2_500
/** Beyond the last record that a key may have sealed. */
const keptLongerMs = 600_000

/**
 * Opens the shared cache where an environment has one. It is no condition of a start that Redis, or OpenBao with the key,
 * is there: until they are, the cache is cold.
 * @throws SecretsError `config_invalid` where it is not said which Redis, or by which key.
 */
export const openSharedCache = async (
  config: ServiceConfig,
  parts: SharedCacheParts,
): Promise<SharedCache | undefined> => {
  const using = [...config.environments.values()].filter(({ cache }) => cache === 'redis')
  if (using.length === 0) return undefined
  const { env, clock, random, log } = parts
  const nowMs = (): number => clock.nowMs()
  const settings = cacheSettings(config, env)
  const rootKey = await cacheRootKey(settings.cacheKey, parts)
  const tell = onceIn(clock, (problem) => log.warn(problem, { source: 'redis' }))
  // The client is loaded by who uses it: it takes memory in every process.
  const { RedisEntries } = await import('./redis-entries.ts')
  const [redis, patience] = [
    new RedisEntries({ ...settings.redis, nowMs, onProblem: tell }),
    after(startPatienceMs, clock),
  ]
  const entries = new GuardedEntries(redis, {
    clock,
    onState: (isThere, why) => {
      const now = isThere
        ? 'The shared cache answers again.'
        : `${why} Until it answers, values come from their sources.`
      log.warn(now, { source: 'redis' })
      if (isThere) void keyring.upkeep()
    },
  })
  const longestMs = Math.max(...using.map((each) => each.ttlMs + longestStaleMs(each)))
  const keyring = new Keyring({ entries, rootKey, clock, random, keepMs: longestMs + keptLongerMs, onProblem: tell })
  const sealer = new Sealer({ keyring, random, nowMs, onProblem: tell })
  const replica = Buffer.from(random.bytes(8)).toString('hex')
  const endUpkeep = repeated(upkeepEveryMs, clock, () => {
    redis.checkListening()
    return keyring.upkeep()
  })
  await Promise.race([redis.opened, patience])
  await Promise.race([keyring.upkeep(), patience])
  return {
    over: (source, { environment, sourceConfig, onChange }) => {
      const { name, ttlMs } = environment
      const policy = { ttlMs, maxStaleMs: longestStaleMs(environment), negativeTtlMs, clock }
      const place = { environment: name, source: `${source.name}:${fingerprint(sourceConfig)}` }
      const records = new SharedRecords({ ...place, ...policy, entries, sealer, replica, onChange })
      return withSharedCache(source, { records, ...policy })
    },
    close: () => {
      endUpkeep()
      entries.close()
    },
  }
}

const fingerprint = (source: SourceConfig): string =>
  createHash('sha256').update(JSON.stringify(source)).digest('hex').slice(0, 16)

const after = (ms: number, clock: Clock): Promise<void> =>
  new Promise((resolve) => {
    clock.after(ms, resolve, { keepsAlive: true })
  })

/** Acts again and again, with the interval between; nothing here keeps the process alive. @returns what ends it. */
const repeated = (everyMs: number, clock: Clock, act: () => Promise<void>): (() => void) => {
  let timer: Timer
  let ended = false
  const next = (): void => {
    timer = clock.after(everyMs, () => {
      void act().finally(() => ended || next())
    })
  }
  next()
  return () => {
    ended = true
    timer.cancel()
  }
}
