import { type Clock, SecretsError } from '@keyplane/core'

/** What takes a place until it has ended, on the clock's monotonic scale. */
export interface Lasting {
  endsAtMs(): number
}

export interface LeaseBudgetParts {
  readonly clock: Clock
  /** Places in all. */
  readonly budget: number
  /** The secret that the places are for, in the message. */
  readonly id: string
  readonly source: string
}

/** How many credentials of one secret may live at the same time: a fault must not fill the database with users. */
export class LeaseBudget {
  readonly #parts: LeaseBudgetParts
  readonly #taken = new Set<Lasting>()

  constructor(parts: LeaseBudgetParts) {
    this.#parts = parts
  }

  /** What has not ended. */
  get living(): readonly Lasting[] {
    const nowMs = this.#parts.clock.monotonicMs()
    for (const one of this.#taken) if (one.endsAtMs() <= nowMs) this.#taken.delete(one)
    return [...this.#taken]
  }

  take(one: Lasting): void {
    this.#taken.add(one)
  }

  /** It ended before its time. */
  give(one: Lasting): void {
    this.#taken.delete(one)
  }

  /** @throws SecretsError `rate_limited` where all places are taken, with when the first is free again. */
  check(): void {
    const { clock, budget, id, source } = this.#parts
    const { living } = this
    if (living.length < budget) return
    const freeAtMs = Math.min(...living.map((one) => one.endsAtMs()))
    throw new SecretsError('rate_limited', `${JSON.stringify(id)} has ${budget} credentials that live already.`, {
      source,
      reason: 'lease_budget',
      retryAfterMs: Math.max(0, freeAtMs - clock.monotonicMs()),
    })
  }
}
