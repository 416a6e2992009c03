import type { SecretProvider, SecretReader } from '@keyplane/core'
import { type CacheOptions, withCache } from '../cache/with-cache.ts'
import { withBreaker } from '../resilience/with-breaker.ts'
import { withAttemptTimeout, withDeadline } from '../resilience/with-deadline.ts'
import { withRetry } from '../resilience/with-retry.ts'
import { directReader } from './direct-reader.ts'

export interface LegOptions extends CacheOptions {
  /** Bound of a call with all its attempts, in milliseconds. */
  readonly deadlineMs: number
  /** Bound of one attempt, in milliseconds. */
  readonly attemptTimeoutMs: number
  /** Calls in all, the first included. */
  readonly attempts: number
}

/** A leg that is ready: the reader keeps answers, the provider under it does not. */
export interface OpenLeg {
  readonly provider: SecretProvider
  readonly reader: SecretReader
  refresh(): Promise<void>
  close(): Promise<void>
}

/** The layers over one source, outermost last. */
const openLeg = (source: SecretProvider, options: LegOptions): OpenLeg => {
  const { clock, random, deadlineMs, attemptTimeoutMs, attempts } = options
  const refresh = async (): Promise<void> => source.refresh?.()
  const close = async (): Promise<void> => source.close?.()
  if (source.local) return { provider: source, reader: directReader(source, clock), refresh, close }
  const attempted = withAttemptTimeout(source, { timeoutMs: attemptTimeoutMs, clock })
  const guarded = withBreaker(attempted, { clock })
  const retried = withRetry(guarded, { attempts, clock, random })
  const provider = withDeadline(retried, { timeoutMs: deadlineMs, clock })
  const cache = withCache(provider, options)
  return { provider, reader: cache, refresh: () => cache.refresh(), close: () => cache.close() }
}

/** One source in the chain. A source chosen by name is loaded at its first use, so that what is not used costs nothing. */
export class Leg {
  readonly name: string
  readonly #source: SecretProvider | (() => Promise<SecretProvider>)
  readonly #options: LegOptions
  #opening: Promise<OpenLeg> | undefined
  /** What is open already, for readers that cannot wait. */
  ready: OpenLeg | undefined

  constructor(name: string, source: SecretProvider | (() => Promise<SecretProvider>), options: LegOptions) {
    this.name = name
    this.#source = source
    this.#options = options
    if (typeof source !== 'function') this.ready = openLeg(source, options)
  }

  /** @throws whatever loading the source throws; the next call tries again. */
  async open(): Promise<OpenLeg> {
    if (this.ready) return this.ready
    const source = this.#source as () => Promise<SecretProvider>
    this.#opening ??= source().then((provider) => {
      this.ready = openLeg(provider, this.#options)
      return this.ready
    })
    try {
      return await this.#opening
    } finally {
      this.#opening = undefined
    }
  }
}
