import type { Clock, Duration, Random, SecretProvider } from '@keyplane/core'
import type { ValueRegistry } from '@keyplane/masking'
import type { SecretsLog } from './chain/reports.ts'
import type { Strictness } from './chain/strictness.ts'
import type { Environment } from './config.ts'
import type { LeaseSettings } from './leases/lease-settings.ts'
import type { ReceiptOptions } from './receipts/receipt-options.ts'
import type { TelemetryOptions } from './telemetry/telemetry.ts'

/** How answers are kept. Durations are seconds, or texts with a unit (`5m`). */
export interface CacheSettings {
  /** Kept at most; the least lately used goes first. 0 keeps nothing. Default 1,000. */
  readonly maxEntries?: number
  /** After expiry: the old value at once while one refresh runs; at most one TTL. Default 0. */
  readonly staleWhileRevalidate?: Duration
  /** After expiry: the old value where the source fails in a passing way. Default 1 h. */
  readonly maxStale?: Duration
  /** How long "absent" and "denied" are repeated without asking. Default 5 s. */
  readonly negativeTtl?: Duration
  /** The last part of the TTL in which a read refreshes ahead of expiry: 0 (never) to 1. Default 0.1. */
  readonly refreshAheadRatio?: number
  /** An expired value is checked without reading it, and read at each n-th check. Default 4. */
  readonly readValueEveryNthCheck?: number
}

export interface SecretsManagerOptions {
  /** The first source: a shipped provider's name, or the name of one in `providers`. Default: `SECRETS_PROVIDER`, else env. */
  readonly provider?: string
  /** Sources of your own, asked in this order. */
  readonly providers?: readonly SecretProvider[]
  /** Ask the environment (`process.env`, then `.env`) last. Default true. */
  readonly environment?: boolean
  /** Default: `SECRETS_AWS_REGION`, AWS's own variables, us-east-1. */
  readonly awsRegion?: string
  /** How long a value counts as fresh. Default: `SECRETS_CACHE_TTL`, else 1 h. */
  readonly cacheTtl?: Duration
  readonly cache?: CacheSettings
  /**
   * Throw what is no absence instead of asking the next source; `'refusals'`: only that a source refused, which the next
   * one would undo. Default: `SECRETS_STRICT`, else false.
   */
  readonly strict?: Strictness
  /** How credentials with a lease are shared and kept alive, of a source that has such (`openbaoProvider`'s `dynamic`). */
  readonly leases?: LeaseSettings
  /** Bound of one attempt. Default 3 s. */
  readonly attemptTimeout?: Duration
  /** Bound of a read with all its attempts. Default 10 s. */
  readonly deadline?: Duration
  /** Calls to a source in all, the first included, where a failure may pass. Default 3. */
  readonly attempts?: number
  /** Between two looks at watched keys that no source pushes; at least 1 s. Default 1 min. */
  readonly pollInterval?: Duration
  /**
   * A layer of your own between the cache in this process and each source that is asked over a network: a cache that
   * several processes share. It is asked where this process has no fresh answer, and before batches, retries and the
   * breaker; it passes on what it does not change, the provider's end included. Sources of this machine have none.
   * Default: none.
   */
  readonly between?: (source: SecretProvider) => SecretProvider
  /** Keys that hold no secret: what they hold is shown in logs. Default: none. */
  readonly notSecret?: readonly string[]
  /** Where what is read is registered, to be masked. Default: the process's registry, which every masker knows. */
  readonly values?: ValueRegistry
  /** What OpenTelemetry is told, where the program has set it up. Default: spans and counts, by key. */
  readonly telemetry?: TelemetryOptions
  /** Who is told which versions this program uses, so that rotations wait for it. Default: nobody. */
  readonly receipts?: ReceiptOptions
  /** Default: stderr. */
  readonly log?: SecretsLog
  /** Default: the process's. */
  readonly env?: Environment
  readonly clock?: Clock
  readonly random?: Random
}
