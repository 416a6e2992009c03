import type { Clock } from '@keyplane/core'

/** So many in so many milliseconds, and as many at once. */
export interface Rate {
  readonly count: number
  readonly perMs: number
}

interface Bucket {
  tokens: number
  atMs: number
}

/** A token bucket for each name: it fills evenly, and holds what one period gives. */
export class TokenBuckets {
  readonly #buckets = new Map<string, Bucket>()
  readonly #rate: Rate
  readonly #clock: Clock
  readonly #maxNames: number

  constructor(rate: Rate, clock: Clock, maxNames = 10_000) {
    this.#rate = rate
    this.#clock = clock
    this.#maxNames = maxNames
  }

  /** Takes a token where there is one; otherwise how many milliseconds it is until there is. */
  take(name: string): number | undefined {
    const bucket = this.#filled(name)
    if (bucket.tokens < 1) return (1 - bucket.tokens) * (this.#rate.perMs / this.#rate.count)
    bucket.tokens -= 1
    return undefined
  }

  /** Takes so many more, whether they are there or not: the next one is waited for the longer. */
  charge(name: string, cost: number): void {
    this.#filled(name).tokens -= cost
  }

  #filled(name: string): Bucket {
    const { count, perMs } = this.#rate
    const nowMs = this.#clock.recentMs()
    const bucket = this.#buckets.get(name)
    if (!bucket) return this.#added(name, { tokens: count, atMs: nowMs })
    bucket.tokens = Math.min(count, bucket.tokens + ((nowMs - bucket.atMs) * count) / perMs)
    bucket.atMs = nowMs
    return bucket
  }

  /** Of too many the oldest is forgotten, so that nobody fills the memory by asking from ever new addresses. */
  #added(name: string, bucket: Bucket): Bucket {
    const [oldest] = this.#buckets.size >= this.#maxNames ? this.#buckets.keys() : []
    if (oldest !== undefined) this.#buckets.delete(oldest)
    this.#buckets.set(name, bucket)
    return bucket
  }
}
