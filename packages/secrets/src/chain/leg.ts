import { type CallOptions, type SecretProvider, type SecretReader, SecretsError } from '@keyplane/core'
import { type CacheOptions, withCache } from '../cache/with-cache.ts'
import { withBreaker } from '../resilience/with-breaker.ts'
import { bounded, withAttemptTimeout, withDeadline } from '../resilience/with-deadline.ts'
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

/** A leg that is ready. */
export interface OpenLeg {
  readonly reader: SecretReader
  /** The names that the source itself has, asked within the leg's deadline; none where it can't list. */
  names(query: { readonly prefix?: string }, call: CallOptions): Promise<string[]>
  refresh(): Promise<void>
  close(): Promise<void>
}

const namesOf = async (source: SecretProvider, query: { readonly prefix?: string }, call: CallOptions) => {
  const found: string[] = []
  for await (const { name } of source.list?.list(query, call) ?? []) found.push(name)
  return found
}

/** A source of this machine has no layers: it answers at once. */
const localLeg = (source: SecretProvider, { clock }: LegOptions): OpenLeg => ({
  reader: directReader(source, clock),
  names: (query, call) => namesOf(source, query, call),
  refresh: async () => source.refresh?.(),
  close: async () => source.close?.(),
})

/** The layers over one source, outermost last. */
const openLeg = (source: SecretProvider, options: LegOptions): OpenLeg => {
  if (source.local) return localLeg(source, options)
  const { clock, random, deadlineMs, attemptTimeoutMs, attempts } = options
  const within = <T>(what: string, act: (call: CallOptions) => Promise<T>, call: CallOptions = {}): Promise<T> =>
    bounded(act, call, { timeoutMs: deadlineMs, clock, source: source.name, what })
  const attempted = withAttemptTimeout(source, { timeoutMs: attemptTimeoutMs, clock })
  const guarded = withBreaker(attempted, { clock })
  const retried = withRetry(guarded, { attempts, clock, random })
  const cache = withCache(withDeadline(retried, { timeoutMs: deadlineMs, clock }), options)
  return {
    reader: cache,
    names: (query, call) => within('the list of its secrets', (inner) => namesOf(source, query, inner), call),
    refresh: () => within('its refresh', () => cache.refresh()),
    close: () => cache.close(),
  }
}

/** One source in the chain. A source chosen by name is loaded at its first use, so that what is not used costs nothing. */
export class Leg {
  readonly name: string
  readonly #source: SecretProvider | (() => Promise<SecretProvider>)
  readonly #options: LegOptions
  #opening: Promise<OpenLeg> | undefined
  #closed = false
  /** What is open already, for readers that cannot wait. */
  ready: OpenLeg | undefined

  constructor(name: string, source: SecretProvider | (() => Promise<SecretProvider>), options: LegOptions) {
    this.name = name
    this.#source = source
    this.#options = options
    if (typeof source !== 'function') this.ready = openLeg(source, options)
  }

  /** Ends what the source holds open; one that is still being loaded ends when it is there. */
  async close(): Promise<void> {
    this.#closed = true
    const leg = this.ready ?? (await this.#opening?.catch(() => undefined))
    await leg?.close()
  }

  /** @throws SecretsError `closed`, or whatever loading the source throws; the next call tries again. */
  async open(): Promise<OpenLeg> {
    if (this.#closed) throw new SecretsError('closed', `The source ${this.name} is closed.`, { source: this.name })
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
