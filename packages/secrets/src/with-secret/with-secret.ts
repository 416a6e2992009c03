import {
  type CallOptions,
  type Clock,
  type Duration,
  durationMs,
  type Random,
  type SecretRef,
  SecretsError,
  type SecretVersion,
  type Stage,
  sameValue,
  untilAborted,
} from '@keyplane/core'
import { waited } from '../resilience/waited.ts'
import { isAuthenticationError } from './authentication-error.ts'
import type { ReceiptReporter } from '../receipts/receipt-reporter.ts'
import type { NewerVersions } from './newer-versions.ts'

export interface WithSecretOptions {
  /** Whether an error says that the secret was refused. Default: `isAuthenticationError`. */
  readonly isRefused?: (error: unknown) => boolean
  /** Versions to try where the current one is refused, in this order. Default: pending, previous. */
  readonly stages?: readonly Stage[]
  /** How long to look out for a version that is not refused. Default 2 s; 0: each is tried once, and that is it. */
  readonly patience?: Duration
  readonly signal?: AbortSignal
}

export interface SecretUse<T> {
  readonly key: string
  readonly read: (ref: SecretRef, call: CallOptions) => Promise<SecretVersion>
  readonly use: (version: SecretVersion) => Promise<T>
  /** Whether another version than the first can be used at all; one that cannot is passed over. */
  readonly isUsable: (version: SecretVersion) => Promise<boolean> | boolean
  readonly options: WithSecretOptions
  readonly newerVersions: NewerVersions
  /** Told of what is used, and what is refused. Default: nobody. */
  readonly receipts?: Pick<ReceiptReporter, 'used' | 'refused'>
  readonly clock: Clock
  readonly random: Random
}

type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown }

/** Bounds of the pause between two looks. */
const firstPauseMs = 100
const maxPauseMs = 800

/** A rotation's pending version appears and goes within seconds. */
const stageMaxAgeMs = 1_000

/**
 * Runs `use` with the secret's current version. Where that is refused, the source is asked for a newer one, then for
 * those of the other stages: a rotation between two calls goes unnoticed. No version is tried twice.
 * @throws what `use` threw at the first refusal, where every version is refused; what `read` throws.
 */
export const withSecret = async <T>(parts: SecretUse<T>): Promise<T> => {
  const { key, read, options, clock, random } = parts
  const untilMs = clock.monotonicMs() + durationMs(options.patience ?? '2s', 'patience')
  const first = await read({ id: key }, callOf(options))
  const attempts = new Attempts(parts, first)
  const result = await attempts.run(first)
  if (result.ok) return result.value
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(maxPauseMs, pauseMs * 2)) {
    const other = await attempts.runOthers()
    if (other?.ok) return other.value
    const leftMs = untilMs - clock.monotonicMs()
    if (leftMs <= 0) throw result.error
    await waited(Math.min(leftMs, pauseMs * (0.5 + random.unit() / 2)), clock, options.signal)
  }
}

const callOf = ({ signal }: WithSecretOptions): CallOptions => (signal ? { signal } : {})

/** The versions that one use has tried, and how to find others. */
class Attempts<T> {
  readonly #parts: SecretUse<T>
  readonly #tried: SecretVersion[] = []
  /** The newest that the source called current. */
  #current: SecretVersion

  constructor(parts: SecretUse<T>, first: SecretVersion) {
    this.#parts = parts
    this.#current = first
  }

  /** @throws what `use` throws, unless it says that the secret was refused. */
  async run(version: SecretVersion): Promise<Result<T>> {
    const { use, options, receipts } = this.#parts
    this.#tried.push(version)
    try {
      const value = await use(version)
      receipts?.used(version)
      return { ok: true, value }
    } catch (error) {
      options.signal?.throwIfAborted()
      if (!isRefusal(error, options)) throw error
      receipts?.refused(version)
      return { ok: false, error }
    }
  }

  /** Tries the current version, if it is another by now, then those of the other stages. */
  async runOthers(): Promise<Result<T> | undefined> {
    const { key, options, newerVersions, read } = this.#parts
    const refused = this.#current
    // Shared by all callers, so that no single one's abort ends it.
    const ask = (): Promise<SecretVersion> => read({ id: key }, newerThan(refused))
    const current = await this.#runNew(async () => {
      this.#current = await untilAborted(newerVersions.than(refused, key, ask), options.signal)
      return this.#current
    })
    if (current?.ok) return current
    const call = { ...callOf(options), freshness: { maxAgeMs: stageMaxAgeMs } }
    for (const stage of options.stages ?? ['pending', 'previous']) {
      const other = await this.#runNew(() => read({ id: key, stage }, call))
      if (other?.ok) return other
    }
    return undefined
  }

  async #runNew(find: () => Promise<SecretVersion>): Promise<Result<T> | undefined> {
    const { options } = this.#parts
    let version: SecretVersion
    try {
      version = await find()
    } catch (thrown) {
      options.signal?.throwIfAborted()
      // A source that has no such stage, or no answer at this moment: the refusal stays the news.
      if (thrown instanceof SecretsError) return undefined
      throw thrown
    }
    const isNew = this.#tried.every((tried) => !sameValue(tried.value, version.value))
    return isNew && (await this.#parts.isUsable(version)) ? this.run(version) : undefined
  }
}

/** A predicate that fails itself must not hide the error that it was asked about. */
const isRefusal = (error: unknown, { isRefused = isAuthenticationError }: WithSecretOptions): boolean => {
  try {
    return isRefused(error)
  } catch {
    return false
  }
}

const newerThan = ({ version }: SecretVersion): CallOptions => ({
  freshness: version === undefined ? { maxAgeMs: 0 } : { exceptVersion: version },
})
