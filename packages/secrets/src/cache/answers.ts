import { type Clock, type Random, type Reading, type SecretRef, SecretsError, type SecretVersion } from '@keyplane/core'
import { cacheKey } from './cache-key.ts'
import { type CachePolicy, expiresAtMs } from './decide.ts'
import { asReading, Entry, isInUse } from './entry.ts'
import { EntryTable, type Keeping } from './entry-table.ts'
import { onFailure } from './on-failure.ts'

export interface AnswersOptions extends CachePolicy {
  /** References kept at most; the least lately used goes first. 0 keeps nothing. */
  readonly maxEntries: number
  /** The last part of the TTL, 0 (never) to 1, in which a read refreshes ahead of expiry. */
  readonly refreshAheadRatio: number
  readonly clock: Clock
  readonly random: Random
  /** Told of each version that is kept. Default: nobody. */
  readonly keeping?: Keeping
}

/** Callers choose the names that are refused, so few are remembered. */
const maxRefusals = 1_000

/** For this part of the TTL an answer is fresh that came along with others, and that nobody has read. */
const unaskedRatio = 0.1

/** What a source has answered, values and refusals, and what each new answer does to it. No I/O. */
export class Answers {
  readonly #source: string
  readonly #options: AnswersOptions
  readonly #table: EntryTable
  /** Refusals have a place of their own: names that do not exist must not throw out values that do. */
  readonly #refusals: EntryTable

  constructor(source: string, options: AnswersOptions) {
    this.#source = source
    this.#options = options
    this.#table = new EntryTable(options.maxEntries, options.keeping)
    this.#refusals = new EntryTable(Math.min(options.maxEntries, maxRefusals))
  }

  get size(): number {
    return this.#table.size
  }

  find(key: string): Entry | undefined {
    return this.#table.find(key) ?? this.#refusals.find(key)
  }

  touch(entry: Entry): void {
    this.#table.touch(entry)
  }

  /** Everything that is kept with a value, whatever its age. */
  entries(): Iterable<Entry> {
    return this.#table.entries()
  }

  clear(): void {
    this.#table.clear()
    this.#refusals.clear()
  }

  /** Keeps a value under the reference asked for and under its canonical id. */
  admit(key: string, ref: SecretRef, version: SecretVersion): Entry {
    const canonicalKey = cacheKey(ref, version.id)
    const entry = this.#entryFor(key, canonicalKey, version) ?? new Entry(ref, this.#source)
    this.#refusals.remove(key)
    this.#table.keep(key, entry)
    this.#table.keep(canonicalKey, entry)
    return this.#hold(entry, version)
  }

  /** Whether another version of it was admitted since: under another spelling, by a call that was quicker. */
  isNewer(ref: SecretRef, version: SecretVersion, sinceMs: number): boolean {
    const entry = this.#table.find(cacheKey(ref, version.id))
    return entry?.version !== undefined && entry.version.version !== version.version && entry.confirmedAtMs > sinceMs
  }

  /** An answer for who waits for it only. */
  pass(ref: SecretRef, version: SecretVersion): Reading {
    return asReading(this.#hold(new Entry(ref, this.#source), version))
  }

  /** The source vouched for the version that is kept, without giving its value. */
  renew(entry: Entry, version: SecretVersion): Entry {
    const confirmations = entry.confirmations + 1
    this.#hold(entry, version)
    entry.confirmations = confirmations
    return entry
  }

  /** What a failed call leaves behind, by the one table of failures. */
  note(key: string, ref: SecretRef, error: SecretsError): void {
    const entry = this.#table.find(key)
    const effect = onFailure(error)
    if (effect === 'evict' && entry) this.#table.drop(entry)
    if (!entry && (effect === 'serve_stale' || effect === 'pass_on')) this.#rememberFailure(key, ref, error)
    else if (effect === 'evict' || (effect === 'suspend' && !entry)) this.#rememberNo(key, ref, error)
    else if (effect === 'suspend' && entry) this.#suspend(entry, error)
    else if (effect === 'serve_stale' && entry) {
      entry.failure = error
      entry.askAgainAtMs = this.#againAtMs(error)
    }
  }

  /** The value changed at the source: what is kept is old, and covers failures only. */
  expire(id: string): void {
    for (const entry of this.#about(id)) {
      entry.freshUntilMs = Math.min(entry.freshUntilMs, this.#nowMs())
      entry.askAgainAtMs = 0
    }
  }

  /** The source took its permission back. */
  withdraw(id: string): void {
    for (const entry of this.#about(id))
      this.#suspend(
        entry,
        new SecretsError('access_denied', `The source withdrew ${JSON.stringify(id)}.`, { reason: 'withdrawn' }),
      )
  }

  /**
   * Up to so many that have expired, that the source may be asked about, and that `wanted` takes. Nobody has asked for
   * them: once they are vouched for, that holds for the moments in which others do, and from a read on for the TTL.
   */
  takeExpired(count: number, wanted: (entry: Entry) => boolean): Entry[] {
    const nowMs = this.#nowMs()
    const found: Entry[] = []
    for (const entry of this.#table.entries()) {
      if (found.length >= count) break
      const isExpired = entry.version !== undefined && nowMs >= expiresAtMs(entry, this.#options)
      if (!isExpired || nowMs < entry.askAgainAtMs || entry.suspended || !wanted(entry)) continue
      entry.readAtMs = Math.floor(nowMs - this.#options.ttlMs * (1 - unaskedRatio))
      found.push(entry)
    }
    return found
  }

  /**
   * After a gap in what is heard, everything has to be confirmed, but not in one moment: within a tenth of the TTL. What is
   * refreshed ahead has its turn in the first half of it.
   */
  expireAll(): void {
    const [nowMs, withinMs] = [this.#nowMs(), this.#options.ttlMs * 0.1]
    for (const entry of this.#table.entries()) {
      const spreadMs = this.#options.random.unit() * withinMs
      const isAhead = this.#options.refreshAheadRatio > 0 && isInUse(entry)
      entry.freshUntilMs = Math.min(entry.freshUntilMs, nowMs + (isAhead ? withinMs : spreadMs))
      if (isAhead) entry.refreshFromMs = Math.min(entry.refreshFromMs, Math.ceil(nowMs + spreadMs / 2))
    }
  }

  forget(id: string): void {
    for (const entry of this.#about(id)) {
      this.#table.drop(entry)
      this.#refusals.drop(entry)
    }
  }

  /** When the source is asked again after a failure that passes. */
  #againAtMs({ retryAfterMs = this.#options.retryAfterFailureMs }: SecretsError): number {
    return this.#nowMs() + retryAfterMs
  }

  #nowMs(): number {
    return this.#options.clock.monotonicMs()
  }

  #about(id: string): Entry[] {
    return [...this.#table.entries(), ...this.#refusals.entries()].filter(
      ({ ref, version }) => ref.id === id || version?.id === id || version?.name === id,
    )
  }

  /** The entry that this version belongs to. A name that leads to another secret than before starts anew. */
  #entryFor(key: string, canonicalKey: string, version: SecretVersion): Entry | undefined {
    const entry = this.#table.find(canonicalKey) ?? this.#table.find(key)
    if (entry?.version === undefined || entry.version.id === version.id) return entry
    this.#table.drop(entry)
    return undefined
  }

  #hold(entry: Entry, version: SecretVersion): Entry {
    const { clock, random, ttlMs, refreshAheadRatio } = this.#options
    if (entry.version !== version) this.#table.hold(entry, version)
    // Ages never stack: where a hop between says when the origin vouched, the age counts from there.
    const ageMs = version.confirmedAtMs === undefined ? 0 : Math.max(0, clock.nowMs() - version.confirmedAtMs)
    const aheadMs = ttlMs * refreshAheadRatio * (0.5 + random.unit() / 2)
    entry.failure = version.failure
    entry.suspended = false
    entry.askAgainAtMs = version.failure ? this.#againAtMs(version.failure) : 0
    entry.confirmations = 0
    entry.generation += 1
    // Whole milliseconds take no memory of their own.
    entry.confirmedAtMs = Math.floor(clock.monotonicMs() - ageMs)
    entry.freshUntilMs = Math.min(entry.confirmedAtMs + ttlMs, this.#leaseEndMs(version))
    entry.refreshFromMs = Math.ceil(entry.freshUntilMs - aheadMs)
    return entry
  }

  /** On the monotonic scale: what is leased is worth nothing afterwards. */
  #leaseEndMs({ lease }: SecretVersion): number {
    const { clock } = this.#options
    return lease ? Math.floor(clock.monotonicMs() + lease.expiresAtMs - clock.nowMs()) : Number.POSITIVE_INFINITY
  }

  /** Negative caching: the answer "no" is kept for a moment too. */
  #rememberNo(key: string, ref: SecretRef, error: SecretsError): void {
    const entry = this.#rememberFailure(key, ref, error)
    entry.askAgainAtMs = entry.confirmedAtMs + this.#options.negativeTtlMs
  }

  /** Asked again at the next read; for those who cannot wait it is what the source said last. */
  #rememberFailure(key: string, ref: SecretRef, error: SecretsError): Entry {
    const entry = new Entry(ref, this.#source)
    entry.failure = error
    entry.confirmedAtMs = this.#nowMs()
    this.#refusals.keep(key, entry)
    return entry
  }

  #suspend(entry: Entry, error: SecretsError): void {
    entry.suspended = true
    entry.failure = error
    entry.askAgainAtMs = this.#nowMs() + this.#options.negativeTtlMs
  }
}
