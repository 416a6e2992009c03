import {
  type CallOptions,
  type Change,
  type Clock,
  type Duration,
  durationMs,
  type Random,
  type Reading,
  revealText,
  type SecretProvider,
  type SecretRef,
  SecretsError,
  systemClock,
  systemRandom,
} from '@keyplane/core'
import { openProvider } from '@keyplane/providers'
import { Chain, type ChainCall } from './chain/chain.ts'
import type { Explanation } from './chain/explanation.ts'
import { Leg, type LegOptions } from './chain/leg.ts'
import { Reports, type SecretsLog } from './chain/reports.ts'
import type { ReadCounts } from './chain/tally.ts'
import { type Environment, isProviderName, processEnvironment, readSettings, stderrLog } from './config.ts'
import { parsedJson } from './parsed-json.ts'
import type { StandardSchema } from './standard-schema.ts'

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
  /** Throw what is no absence instead of asking the next source. Default: `SECRETS_STRICT`, else false. */
  readonly strict?: boolean
  /** Bound of one attempt. Default 3 s. */
  readonly attemptTimeout?: Duration
  /** Bound of a read with all its attempts. Default 10 s. */
  readonly deadline?: Duration
  /** Calls to a source in all, the first included, where a failure may pass. Default 3. */
  readonly attempts?: number
  /** Default: stderr. */
  readonly log?: SecretsLog
  /** Default: the process's. */
  readonly env?: Environment
  readonly clock?: Clock
  readonly random?: Random
}

export interface GetSecretOptions {
  readonly strict?: boolean
  readonly signal?: AbortSignal
}

export interface GetSecretJsonOptions<T> extends GetSecretOptions {
  /** Says what the document must be; without one it must be an object. */
  readonly schema?: StandardSchema<T>
}

/** A program's secrets: sources in order, each behind its own cache. */
export class SecretsManager {
  readonly #chain: Chain
  readonly #reports: Reports
  readonly #strict: boolean
  readonly #clock: Clock
  #closed = false

  /** @throws SecretsError `config_invalid`, with every problem in one message. */
  constructor(options: SecretsManagerOptions = {}) {
    const settings = readSettings(options.env)
    this.#reports = new Reports(options.log ?? stderrLog)
    this.#strict = options.strict ?? settings.strict
    this.#clock = options.clock ?? systemClock
    this.#chain = new Chain(legsOf(options, legOptions(options, settings.cacheTtlMs)), this.#reports)
  }

  /**
   * The secret's current text, or the default where no source has it.
   * @throws SecretsError when strict, for what is no absence.
   */
  getSecret(key: string, fallback: string, options?: GetSecretOptions): Promise<string>
  getSecret(key: string, fallback?: string, options?: GetSecretOptions): Promise<string | undefined>
  getSecret(key: string, fallback?: string, options?: GetSecretOptions): Promise<string | undefined> {
    // A cached answer costs no call frame of an async function.
    const cached = this.#chain.peek({ id: key })
    if (cached) return Promise.resolve(revealText(cached.version.value))
    return this.#read(key, fallback !== undefined, options).then((reading) =>
      reading ? revealText(reading.version.value) : fallback,
    )
  }

  /**
   * The secret's JSON document, frozen; the default where no source has it. What is no JSON object, or does not fit the
   * schema, is `undefined` with a warning: never the default, and never another source's.
   * @throws SecretsError when strict, for what is no absence.
   */
  async getSecretJson<T = Readonly<Record<string, unknown>>>(
    key: string,
    fallback?: T,
    options: GetSecretJsonOptions<T> = {},
  ): Promise<T | undefined> {
    const reading = this.#chain.peek({ id: key }) ?? (await this.#read(key, fallback !== undefined, options))
    if (!reading) return fallback
    const document = parsedJson(reading.version)
    if (!document.ok) return this.#unusable(key, reading, 'is not valid JSON')
    if (options.schema) return this.#validated(key, reading, document.value, options.schema)
    if (!isObject(document.value)) return this.#unusable(key, reading, 'is not a JSON object')
    return document.value as T
  }

  /** The names of all sources' secrets, sorted. It asks the sources themselves, never a cache. */
  async listSecrets(prefix?: string, options: GetSecretOptions = {}): Promise<string[]> {
    const names = await this.#chain.each(
      'the list of secrets',
      async ({ provider }) => {
        const found: string[] = []
        const query = prefix === undefined ? {} : { prefix }
        for await (const { name } of provider.list?.list(query, callOf(options)) ?? []) found.push(name)
        return found
      },
      { ...callOf(options), strict: options.strict ?? this.#strict },
    )
    return [...new Set(names.flat())].sort()
  }

  /** Forgets what is cached, of one secret or of all; the next read asks the source. */
  async refresh(key?: string): Promise<void> {
    if (key !== undefined) return this.invalidate({ kind: 'deleted', id: key })
    await Promise.all(this.#chain.legs.map(async (leg) => leg.ready?.refresh()))
  }

  /** A cached, fresh answer of the first source; no I/O. */
  peek(ref: SecretRef): Reading | undefined {
    return this.#chain.peek(ref)
  }

  /**
   * The first source's reading, with version, labels and age; nothing where no source has it.
   * @throws SecretsError when strict, for what is no absence.
   */
  read(ref: SecretRef, call: ChainCall & { readonly required: true }): Promise<Reading>
  read(ref: SecretRef, call?: ChainCall): Promise<Reading | undefined>
  read(ref: SecretRef, call: ChainCall = {}): Promise<Reading | undefined> {
    this.#assertOpen()
    return this.#chain.read(ref, { strict: this.#strict, ...call })
  }

  /** Where a secret comes from, how old it is, and why the sources before that one did not give it. Never its value. */
  explain(key: string): Promise<Explanation> {
    this.#assertOpen()
    return this.#chain.explain({ id: key }, this.#clock)
  }

  /** Reads of each source by outcome since the start: hits, asked, absent, denied, unreachable, broken, unusable. */
  metrics(): Readonly<Record<string, ReadCounts>> {
    return this.#chain.counts
  }

  /** Tells the caches what changed at a source. */
  invalidate(change: Change): void {
    for (const leg of this.#chain.legs) leg.ready?.reader.invalidate(change)
  }

  /** Drops what is cached and ends what the sources hold open. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all(this.#chain.legs.map(async (leg) => leg.ready?.close()))
  }

  #assertOpen(): void {
    if (this.#closed) throw new SecretsError('closed', 'This secrets manager is closed.')
  }

  async #read(key: string, hasDefault: boolean, options: GetSecretOptions = {}): Promise<Reading | undefined> {
    if (key === '') throw new SecretsError('invalid_request', 'A secret’s key is empty.')
    const strict = options.strict ?? this.#strict
    return this.read({ id: key }, { ...callOf(options), strict, hasDefault })
  }

  async #validated<T>(
    key: string,
    reading: Reading,
    value: unknown,
    schema: StandardSchema<T>,
  ): Promise<T | undefined> {
    const result = await schema['~standard'].validate(value)
    // The issues' messages may quote the value.
    return result.issues ? this.#unusable(key, reading, 'does not fit its schema') : result.value
  }

  #unusable(key: string, { source }: Reading, why: string): undefined {
    this.#reports.unusable(`The secret ${JSON.stringify(key)} of ${source} ${why}.`, key, source)
  }
}

const callOf = ({ signal }: GetSecretOptions): CallOptions => (signal ? { signal } : {})

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value)

const legOptions = (options: SecretsManagerOptions, settingsTtlMs: number): LegOptions => {
  const { cache = {}, clock = systemClock, random = systemRandom } = options
  const ttlMs = options.cacheTtl === undefined ? settingsTtlMs : durationMs(options.cacheTtl, 'cacheTtl')
  return {
    ttlMs,
    maxEntries: cache.maxEntries ?? 1_000,
    staleWhileRevalidateMs: Math.min(ttlMs, durationMs(cache.staleWhileRevalidate ?? 0, 'staleWhileRevalidate')),
    maxStaleMs: durationMs(cache.maxStale ?? '1h', 'maxStale'),
    negativeTtlMs: durationMs(cache.negativeTtl ?? '5s', 'negativeTtl'),
    retryAfterFailureMs: 1_000,
    refreshAheadRatio: cache.refreshAheadRatio ?? 0.1,
    readValueEveryNthCheck: cache.readValueEveryNthCheck ?? 4,
    deadlineMs: durationMs(options.deadline ?? '10s', 'deadline'),
    attemptTimeoutMs: durationMs(options.attemptTimeout ?? '3s', 'attemptTimeout'),
    attempts: options.attempts ?? 3,
    clock,
    random,
  }
}

/** The chosen source first, the environment last. */
const legsOf = (options: SecretsManagerOptions, legOptions: LegOptions): Leg[] => {
  const { providers = [], environment = true, env = processEnvironment } = options
  const named = (name: string): Leg => {
    const own = providers.find((provider) => provider.name === name)
    if (own) return new Leg(name, own, legOptions)
    if (!isProviderName(name))
      throw new SecretsError('config_invalid', `provider: there is no provider ${JSON.stringify(name)}.`)
    const { awsRegion } = { ...readSettings(env), ...options }
    const onProblem = (problem: string): void => (options.log ?? stderrLog).warn(problem, { source: name })
    const settings = { env, clock: legOptions.clock, onProblem, ...(awsRegion !== undefined && { awsRegion }) }
    return new Leg(name, () => openProvider(name, settings), legOptions)
  }
  const chosen = options.provider ?? (providers.length > 0 ? undefined : readSettings(env).provider)
  const first = chosen === undefined ? [] : [named(chosen)]
  const rest = providers
    .filter(({ name }) => name !== chosen)
    .map((provider) => new Leg(provider.name, provider, legOptions))
  const before = [...first, ...rest]
  const hasEnvironment = before.some(({ name }) => name === 'env')
  return environment && !hasEnvironment ? [...before, named('env')] : before
}
