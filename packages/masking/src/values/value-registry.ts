import { type Clock, SecretsError, type SecretValue, systemClock, type Timer } from '@keyplane/core'
import { jsonParts } from './json-parts.ts'
import { TextIndex } from './text-index.ts'
import { urlPassword } from './url-password.ts'
import { ValueMatcher } from './value-matcher.ts'
import type { KnownValue } from './ways.ts'
import { isWorthFinding } from './worth-finding.ts'

/**
 * The values that maskers look for in texts. A value that is a JSON object or array stands for its texts
 * as well, and a URL for its password.
 * Values are compared by content. What is short or says little (see `docs/masking.md`) is not taken.
 */
export interface ValueRegistry {
  /** Has the value looked for until an hour from this moment. Cheap for a value that is known: call it at every read. */
  note(value: SecretValue | string): void
  /** Has the value looked for until as many `release`, and an hour more. */
  hold(value: SecretValue | string): void
  /** Takes back one `hold`; without one it does nothing. */
  release(value: SecretValue | string): void
  /** How many values are looked for, the texts of JSON values included. */
  readonly size: number
}

export interface ValueRegistryOptions {
  /** Default: the system's clock. */
  readonly clock?: Clock
  /** How long a value stays after it was noted or released for the last time, in milliseconds. Default: an hour. */
  readonly keepMs?: number
}

/** Where maskers find what a registry can find; global, for a process may have loaded this package twice. */
export const matcherOf: unique symbol = Symbol.for('@keyplane/masking/matcher') as never

interface Entry extends KnownValue {
  holds: number
  untilMs: number
  /** The entries of the texts in it. */
  readonly parts: readonly Entry[]
  next: Entry | undefined
  /** Its number with the matcher; -1 once it is gone. */
  id: number
}

/** The longest that timers wait. */
const maxDelayMs = 2_147_483_647
const sweepsPerKeep = 60

const isLive = (entry: Entry, nowMs: number): boolean => entry.holds > 0 || entry.untilMs > nowMs

const none: readonly Entry[] = Object.freeze([])
const hourMs = 3_600_000
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const decode = (bytes: Uint8Array): KnownValue => {
  try {
    return { text: utf8.decode(bytes), binary: false }
  } catch {
    return { text: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1'), binary: true }
  }
}

class Registry implements ValueRegistry {
  readonly #entries = new TextIndex<Entry>()
  /** What bytes were found to be, so that they are not decoded at each read. */
  readonly #ofBytes = new WeakMap<SecretValue, Entry>()
  readonly #matcher: ValueMatcher
  readonly #clock: Clock
  readonly #keepMs: number
  #sweepAtMs = Number.POSITIVE_INFINITY
  #timer: Timer | undefined

  constructor({ clock = systemClock, keepMs = hourMs }: ValueRegistryOptions) {
    if (!(keepMs >= 0)) throw new SecretsError('config_invalid', 'keepMs must be 0 or more milliseconds.')
    this.#clock = clock
    this.#keepMs = keepMs
    // Sweeps wait for each other, values do not: what is over is not found, though it may still be there.
    this.#matcher = new ValueMatcher((value) => isLive(value as Entry, clock.monotonicMs()))
  }

  get size(): number {
    this.#sweep(this.#clock.monotonicMs())
    return this.#entries.size
  }

  get [matcherOf](): ValueMatcher {
    this.#sweepIfDue()
    return this.#matcher
  }

  note(value: SecretValue | string): void {
    const entry = this.#known(value) ?? this.#register(value)
    if (entry) this.#keep(entry, this.#clock.monotonicMs() + this.#keepMs)
  }

  hold(value: SecretValue | string): void {
    const entry = this.#known(value) ?? this.#register(value)
    if (entry) this.#count(entry, 1)
  }

  release(value: SecretValue | string): void {
    const entry = this.#known(value)
    if (!entry || entry.holds === 0) return
    this.#keep(entry, this.#clock.monotonicMs() + this.#keepMs)
    this.#count(entry, -1)
  }

  #known(value: SecretValue | string): Entry | undefined {
    if (typeof value === 'string') return this.#entries.find({ text: value, binary: false })
    if (value.kind === 'text') return this.#entries.find({ text: value.reveal(), binary: false })
    const entry = this.#ofBytes.get(value)
    if (entry !== undefined && entry.id !== -1) return entry
    return this.#entries.find(decode(value.reveal()))
  }

  #register(value: SecretValue | string): Entry | undefined {
    if (typeof value === 'string') return this.#enter({ text: value, binary: false })
    if (value.kind === 'text') return this.#enter({ text: value.reveal(), binary: false })
    const entry = this.#enter(decode(value.reveal()))
    if (entry) this.#ofBytes.set(value, entry)
    return entry
  }

  #enter({ text, binary }: KnownValue): Entry | undefined {
    const known = this.#entries.find({ text, binary })
    if (known || !isWorthFinding(text)) return known
    const inner = binary ? [] : [...jsonParts(text), ...urlPassword(text), text.trim()]
    const found = inner
      .filter((part) => part !== text)
      .map((part) => this.#enter({ text: part, binary: false }))
      .filter((part) => part !== undefined)
    const entry: Entry = {
      text,
      binary,
      holds: 0,
      untilMs: 0,
      parts: found.length === 0 ? none : found,
      id: -1,
      next: undefined,
    }
    entry.id = this.#matcher.add(entry)
    this.#entries.add(entry)
    return entry
  }

  #keep(entry: Entry, untilMs: number): void {
    if (entry.untilMs < untilMs) entry.untilMs = untilMs
    if (untilMs < this.#sweepAtMs) this.#sweepAt(untilMs)
    for (const part of entry.parts) this.#keep(part, untilMs)
  }

  #count(entry: Entry, change: 1 | -1): void {
    entry.holds += change
    for (const part of entry.parts) this.#count(part, change)
  }

  #sweepAt(atMs: number): void {
    this.#timer?.cancel()
    this.#sweepAtMs = atMs
    const delayMs = Math.min(atMs - this.#clock.monotonicMs(), maxDelayMs)
    this.#timer = atMs === Number.POSITIVE_INFINITY ? undefined : this.#clock.after(delayMs, () => this.#onTimer())
  }

  #onTimer(): void {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs >= this.#sweepAtMs) this.#sweep(nowMs)
    else this.#sweepAt(this.#sweepAtMs)
  }

  #sweepIfDue(): void {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs >= this.#sweepAtMs) this.#sweep(nowMs)
  }

  /** Drops what is over, and waits for the next that will be, some together: each sweep goes through all. */
  #sweep(nowMs: number): void {
    let nextMs = Number.POSITIVE_INFINITY
    const gone = new Set<number>()
    this.#entries.retain((entry) => {
      if (isLive(entry, nowMs)) {
        if (entry.holds === 0) nextMs = Math.min(nextMs, entry.untilMs)
        return true
      }
      gone.add(entry.id)
      entry.id = -1
      return false
    })
    if (gone.size > 0) this.#matcher.remove(gone)
    this.#sweepAt(Math.max(nextMs, nowMs + this.#keepMs / sweepsPerKeep))
  }
}

/**
 * A registry of its own, apart from the process's.
 * @throws SecretsError `config_invalid` for a `keepMs` that is no time.
 */
export const createValueRegistry = (options: ValueRegistryOptions = {}): ValueRegistry =>
  Object.freeze(new Registry(options))
