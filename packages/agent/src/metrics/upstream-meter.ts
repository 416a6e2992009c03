import { type Clock, systemClock } from '@keyplane/core'

/** One call to where the secrets are, as it ended. */
export interface UpstreamCall {
  /** In the source's own words: `GetSecretValue`. */
  readonly operation: string
  /** `ok`, or the code of the failure. */
  readonly outcome: string
  readonly durationMs: number
}

/** Calls of one kind. */
export interface UpstreamCount {
  readonly operation: string
  readonly outcome: string
  calls: number
  seconds: number
}

const minuteMs = 60_000
const minutes = 60

/** Counts the calls to the source, each attempt, since they cost money and have quotas. */
export class UpstreamMeter {
  readonly #clock: Clock
  readonly #counts = new Map<string, UpstreamCount>()
  /** Calls of the last sixty minutes, a place a minute. */
  readonly #perMinute = Array.from({ length: minutes }, () => 0)
  #minute: number

  constructor(clock: Clock = systemClock) {
    this.#clock = clock
    this.#minute = this.#now()
  }

  note({ operation, outcome, durationMs }: UpstreamCall): void {
    const key = `${operation} ${outcome}`
    const count = this.#counts.get(key) ?? { operation, outcome, calls: 0, seconds: 0 }
    count.calls += 1
    count.seconds += durationMs / 1_000
    this.#counts.set(key, count)
    this.#turn()
    const place = this.#minute % minutes
    this.#perMinute[place] = (this.#perMinute[place] ?? 0) + 1
  }

  /** Calls in the last hour, the running minute included. */
  get lastHour(): number {
    this.#turn()
    return this.#perMinute.reduce((sum, calls) => sum + calls, 0)
  }

  get counts(): Iterable<UpstreamCount> {
    return this.#counts.values()
  }

  #now(): number {
    return Math.floor(this.#clock.monotonicMs() / minuteMs)
  }

  /** Empties the places of minutes that are over for an hour. */
  #turn(): void {
    const now = this.#now()
    const passed = Math.min(now - this.#minute, minutes)
    for (let step = 1; step <= passed; step += 1) this.#perMinute[(this.#minute + step) % minutes] = 0
    this.#minute = now
  }
}
