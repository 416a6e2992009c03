import type { Clock, Random, SecretProvider } from '@keyplane/core'
import { openSecrets, type ReceiptOptions, type SecretsManager } from '@keyplane/secrets'
import type { AgentConfig } from './config/agent-config.ts'

/** What holds for the reads of one kind, where it is another than the configuration says. */
export interface ReadBounds {
  /** Default: the configuration's. */
  readonly ttlMs?: number
  /** Of a read with all its attempts. Default: the library's. */
  readonly timeoutMs?: number
}

export interface OpenCacheOptions {
  readonly config: AgentConfig
  readonly source: SecretProvider
  readonly log: { debug(facts: object, message: string): void }
  readonly clock: Clock
  readonly random: Random
  readonly bounds?: ReadBounds | undefined
  readonly receipts?: ReceiptOptions | undefined
}

/** The library's cache over the source, with the AWS agent's notions of fresh and stale. */
export const openCache = ({
  config,
  source,
  log,
  clock,
  random,
  bounds = {},
  receipts,
}: OpenCacheOptions): SecretsManager =>
  openSecrets({
    providers: [source],
    environment: false,
    strict: true,
    cacheTtl: `${bounds.ttlMs ?? config.ttlMs}ms`,
    ...(bounds.timeoutMs !== undefined && { deadline: `${bounds.timeoutMs}ms` }),
    cache: {
      maxEntries: config.cacheSize,
      maxStale: config.ignoreTransientErrors ? `${config.maxStaleMs}ms` : 0,
      negativeTtl: '1s',
    },
    // The agent has its own configuration; the library's variables are for programs that use the library.
    env: {},
    log: {
      warn: (message, facts) => log.debug(facts, message),
      error: (message, facts) => log.debug(facts, message),
    },
    clock,
    random,
    ...(receipts && { receipts }),
  })
