import {
  type CallOptions,
  type Change,
  type ManyReader,
  type Outcome,
  type Reading,
  type SecretProvider,
  type SecretReader,
  type SecretRef,
  SecretsError,
  type SecretVersion,
  type SecretWriter,
  toSecretsError,
} from '@keyplane/core'
import { Answers, type AnswersOptions } from './answers.ts'
import { cacheKey } from './cache-key.ts'
import { checkedVersion } from './checked-version.ts'
import { confirm } from './confirm.ts'
import { decide, mayServeStale } from './decide.ts'
import { asReading, type Entry } from './entry.ts'
import type { Herds } from './herds.ts'
import type { Flight } from './flight.ts'
import { type Errand, Flights } from './flights.ts'
import { manyOverCache } from './many-over-cache.ts'
import { onFailure } from './on-failure.ts'
import { overtakingWriter } from './overtaking-writer.ts'
import type { RefreshAhead } from './refresh-ahead.ts'
import { upkeepOf } from './upkeep.ts'

export interface CacheOptions extends AnswersOptions {
  /** Expired answers are checked by evidence (`state`) where the source has it; each n-th check reads the value. */
  readonly readValueEveryNthCheck: number
}

/** A provider with its answers kept, and the reader that tells how old they are. */
export type CachedProvider = SecretProvider &
  SecretReader & {
    refresh(): Promise<void> | void
    close(): Promise<void>
    /** How many references are kept. */
    readonly size: number
  }

/** Keeps a provider's answers, lets any number of callers share one call, and judges freshness by `decide`. */
export const withCache = (provider: SecretProvider, options: CacheOptions): CachedProvider =>
  new SecretCache(provider, options)

class SecretCache implements CachedProvider {
  readonly name: string
  readonly many?: ManyReader
  readonly state?: NonNullable<SecretProvider['state']>
  readonly list?: NonNullable<SecretProvider['list']>
  readonly watch?: NonNullable<SecretProvider['watch']>
  readonly write?: SecretWriter
  readonly leases?: NonNullable<SecretProvider['leases']>
  readonly #provider: SecretProvider
  readonly #options: CacheOptions
  readonly #answers: Answers
  readonly #flights: Flights
  readonly #herds: Herds | undefined
  readonly #ahead: RefreshAhead
  #closed = false

  constructor(provider: SecretProvider, options: CacheOptions) {
    this.name = provider.name
    this.#provider = provider
    this.#options = Object.freeze({ ...options })
    this.#answers = new Answers(provider.name, this.#options)
    this.#flights = new Flights(options.clock, (errand, flight) => this.#fetch(errand, flight))
    const [{ many }, answers, flights] = [provider, this.#answers, this.#flights]
    const refreshBehind = (entry: Entry): void => this.#refreshBehind(entry)
    const { herds, ahead } = upkeepOf({ many, options: this.#options, answers, flights, refreshBehind })
    this.#herds = herds
    this.#ahead = ahead
    if (many) this.many = manyOverCache(many, (ref, call) => this.get(ref, call))
    if (provider.write)
      this.write = overtakingWriter(provider.write, {
        assertOpen: () => this.#assertOpen(),
        forget: (id) => {
          this.#flights.overtake(id)
          this.#answers.forget(id)
        },
      })
    if (provider.state) this.state = provider.state
    if (provider.list) this.list = provider.list
    if (provider.watch) this.watch = provider.watch
    if (provider.leases) this.leases = provider.leases
  }

  get size(): number {
    return this.#answers.size
  }

  async get(ref: SecretRef, call?: CallOptions): Promise<SecretVersion> {
    return (await this.read(ref, call)).version
  }

  peek(ref: SecretRef): Reading | undefined {
    const entry = this.#answers.find(cacheKey(ref))
    if (!entry) return undefined
    const nowMs = this.#options.clock.recentMs()
    const decision = decide(entry, nowMs, this.#options)
    return decision === 'serve' || decision === 'serve_and_refresh' ? this.#serve(entry, decision, nowMs) : undefined
  }

  recall(ref: SecretRef): Outcome<Reading> | undefined {
    const entry = this.#answers.find(cacheKey(ref))
    if (!entry || this.#closed) return undefined
    const nowMs = this.#options.clock.monotonicMs()
    const decision = decide(entry, nowMs, this.#options)
    if (decision === 'serve' || decision === 'serve_and_refresh')
      return { ok: true, value: this.#serve(entry, decision, nowMs) }
    if (decision === 'ask') this.#refreshBehind(entry)
    entry.readAtMs = Math.floor(nowMs)
    if (entry.version && !entry.suspended)
      return nowMs < entry.freshUntilMs + this.#options.maxStaleMs ? { ok: true, value: asReading(entry) } : undefined
    return entry.failure && { ok: false, error: entry.failure }
  }

  async read(ref: SecretRef, call: CallOptions = {}): Promise<Reading> {
    call.signal?.throwIfAborted()
    this.#assertOpen()
    if (ref.id.includes('\u0000')) throw new SecretsError('invalid_request', 'A secret’s id holds a NUL character.')
    // The layer below shares it, and knows when it is renewed and replaced.
    if (this.leases?.isLeased(ref)) return this.#answers.pass(ref, await this.#provider.get(ref, call))
    const key = cacheKey(ref)
    const entry = this.#answers.find(key)
    const nowMs = this.#options.clock.monotonicMs()
    const decision = decide(entry, nowMs, this.#options, call.freshness)
    if (!entry || decision === 'ask') return this.#ask(key, ref, call)
    if (decision === 'fail') throw entry.failure
    return this.#serve(entry, decision, nowMs)
  }

  invalidate(change: Change): void {
    if (change.kind === 'resync') {
      this.#flights.overtake()
      this.#answers.expireAll()
      for (const entry of this.#answers.entries()) this.#ahead.note(entry)
      return
    }
    this.#flights.overtake(change.id)
    if (change.kind === 'changed') this.#answers.expire(change.id)
    if (change.kind === 'deleted') this.#answers.forget(change.id)
    if (change.kind === 'withdrawn') this.#answers.withdraw(change.id)
  }

  refresh(): Promise<void> | void {
    this.#clear()
    return this.#provider.refresh?.()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#ahead.close()
    this.#flights.end(new SecretsError('closed', `The ${this.name} cache is closed.`, { source: this.name }))
    this.#clear()
    await this.#provider.close?.()
  }

  #clear(): void {
    this.#flights.overtake()
    this.#answers.clear()
  }

  #assertOpen(): void {
    if (this.#closed) throw new SecretsError('closed', `The ${this.name} cache is closed.`, { source: this.name })
  }

  #serve(entry: Entry, decision: 'serve' | 'serve_and_refresh', nowMs: number): Reading {
    this.#answers.touch(entry)
    entry.readAtMs = Math.floor(nowMs)
    if (decision === 'serve_and_refresh') this.#refreshBehind(entry)
    return asReading(entry)
  }

  #refreshBehind(entry: Entry): void {
    const [key] = entry.keys
    if (key === undefined || this.#flights.has(key)) return
    // The caller has an answer already; a failure is noted on the entry.
    this.#flights
      .for(key, entry.ref)
      .join()
      .catch(() => {})
  }

  /** Waits for the call under way, or for a new one; a passing failure may be covered by what is kept. */
  async #ask(key: string, ref: SecretRef, call: CallOptions): Promise<Reading> {
    try {
      const reading = await this.#flights.for(key, ref, call.freshness).join(call)
      this.#assertWelcome(reading, call)
      const entry = this.#answers.find(key)
      if (entry && entry.readAtMs < entry.confirmedAtMs) entry.readAtMs = entry.confirmedAtMs
      return reading
    } catch (thrown) {
      const entry = this.#answers.find(key)
      const passing = thrown instanceof SecretsError && onFailure(thrown) === 'serve_stale'
      const nowMs = this.#options.clock.monotonicMs()
      if (passing && entry && mayServeStale(entry, nowMs, this.#options, call.freshness)) return asReading(entry)
      throw thrown
    }
  }

  /** A hop between may give what is stale: it knows the policy, not this caller. */
  #assertWelcome(reading: Reading, { freshness }: CallOptions): void {
    const nowMs = this.#options.clock.monotonicMs()
    if (!reading.failure || nowMs < reading.freshUntilMs) return
    if (!mayServeStale(reading, nowMs, this.#options, freshness)) throw reading.failure
  }

  async #fetch({ key, ref, fromOrigin }: Errand, flight: Flight<Reading>): Promise<Reading> {
    const known = this.#answers.find(key)
    // A source with a cache of its own (the agent) is to ask its origin too.
    const call = { signal: flight.signal, ...(fromOrigin && { freshness: { maxAgeMs: 0 } }) }
    try {
      const confirmed = known && !fromOrigin ? await this.#confirm(known, call) : undefined
      if (!known || !confirmed) return this.#admit(key, ref, await this.#provider.get(ref, call), flight)
      const overtaken = flight.isOvertaken([ref.id, confirmed.id, confirmed.name])
      return overtaken ? this.#answers.pass(ref, confirmed) : this.#kept(this.#answers.renew(known, confirmed))
    } catch (thrown) {
      const error = toSecretsError(thrown)
      const overtaken = flight.isOvertaken([ref.id, known?.version?.id, known?.version?.name])
      if (!flight.abandoned && !overtaken) this.#answers.note(key, ref, error)
      throw error
    }
  }

  #admit(key: string, ref: SecretRef, given: SecretVersion, flight: Flight<unknown>): Reading {
    const version = checkedVersion(given, this.name)
    const overtaken =
      this.#closed ||
      flight.isOvertaken([ref.id, version.id, version.name]) ||
      this.#answers.isNewer(ref, version, flight.beganAtMs)
    return overtaken ? this.#answers.pass(ref, version) : this.#kept(this.#answers.admit(key, ref, version))
  }

  #kept(entry: Entry): Reading {
    this.#ahead.note(entry)
    return asReading(entry)
  }

  /** The kept version, if the source vouches for it without giving the value. A refused one has to be read. */
  async #confirm(known: Entry, call: CallOptions): Promise<SecretVersion | undefined> {
    const { state } = this.#provider
    const readsValue = (known.confirmations + 1) % this.#options.readValueEveryNthCheck === 0
    if (!state || known.suspended || readsValue || (await this.#herds?.isOneOfMany(known))) return undefined
    return confirm(state, known, call)
  }
}
