import { SecretsError } from '@keyplane/core'

export interface SemaphoreOptions {
  readonly atOnce: number
  /** Callers that may wait; one more is refused. Default: any number. */
  readonly waiting?: number
}

/** Lets so many act at a time; others wait for their turn, in their order. */
export class Semaphore {
  readonly #options: SemaphoreOptions
  readonly #queue: (() => void)[] = []
  #busy = 0

  constructor(options: SemaphoreOptions) {
    this.#options = options
  }

  /** @throws SecretsError `rate_limited` where too many wait; what the act throws. */
  async take<T>(act: () => Promise<T>): Promise<T> {
    if (this.#busy < this.#options.atOnce) this.#busy += 1
    else await this.#turn()
    try {
      return await act()
    } finally {
      const next = this.#queue.shift()
      // A turn is handed on as it is.
      if (next) next()
      else this.#busy -= 1
    }
  }

  #turn(): Promise<void> {
    if (this.#queue.length >= (this.#options.waiting ?? Infinity))
      throw new SecretsError('rate_limited', 'Too many wait; try again later.', { retryAfterMs: 1_000 })
    return new Promise((resolve) => this.#queue.push(resolve))
  }
}
