import type { Clock } from '@keyplane/core'

export interface BackoffOptions {
  /** Failures that cost no wait. */
  readonly free: number
  /** The wait after the next one; it doubles with each further one. */
  readonly firstMs: number
  readonly longestMs: number
}

interface Failures {
  readonly count: number
  readonly lastAtMs: number
}

/** Failures are forgotten after so long without another. */
const forgottenAfterMs = 15 * 60_000
/** The least recent ones are forgotten for more. */
const maxNames = 10_000

/** How long each of many has to wait after it failed. */
export class Backoff {
  readonly #clock: Clock
  readonly #options: BackoffOptions
  readonly #failures = new Map<string, Failures>()

  constructor(clock: Clock, options: BackoffOptions) {
    this.#clock = clock
    this.#options = options
  }

  /** Milliseconds; 0: it need not. */
  waitMs(name: string): number {
    const { free, firstMs, longestMs } = this.#options
    const { count, lastAtMs } = this.#of(name)
    if (count < free) return 0
    const wait = Math.min(longestMs, firstMs * 2 ** (count - free))
    return Math.max(0, lastAtMs + wait - this.#clock.monotonicMs())
  }

  failed(name: string): void {
    const count = this.#of(name).count + 1
    this.#failures.delete(name)
    this.#failures.set(name, { count, lastAtMs: this.#clock.monotonicMs() })
    const [oldest] = this.#failures.keys()
    if (this.#failures.size > maxNames && oldest !== undefined) this.#failures.delete(oldest)
  }

  /** The last failure was none. */
  takeBack(name: string): void {
    const found = this.#failures.get(name)
    if (found) this.#failures.set(name, { ...found, count: found.count - 1 })
  }

  forget(name: string): void {
    this.#failures.delete(name)
  }

  #of(name: string): Failures {
    const found = this.#failures.get(name)
    if (found && this.#clock.monotonicMs() - found.lastAtMs < forgottenAfterMs) return found
    return { count: 0, lastAtMs: 0 }
  }
}
