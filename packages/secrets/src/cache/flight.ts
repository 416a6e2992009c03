import { type CallOptions, type Clock, SecretsError } from '@keyplane/core'
import { within } from '../resilience/within.ts'

/**
 * One call to the source that any number of callers wait for. A caller's abort or deadline ends that caller's wait
 * alone; when the last one has left, the call is aborted.
 */
export class Flight<T> {
  readonly #controller = new AbortController()
  /** When the source was asked. */
  beganAtMs: number
  readonly #clock: Clock
  readonly #result: Promise<T>
  #waiters = 0
  #landed = false
  readonly #overtaken = new Set<string>()
  #overtakenByAll = false

  constructor(clock: Clock, begin: (flight: Flight<T>) => Promise<T>) {
    this.#clock = clock
    this.beganAtMs = clock.monotonicMs()
    this.#result = begin(this).finally(() => {
      this.#landed = true
    })
    // Each waiter has its own view of the result; the shared one must not count as unhandled.
    this.#result.catch(() => {})
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get abandoned(): boolean {
    return this.signal.aborted
  }

  /** Ends the call for all who wait. */
  end(reason: SecretsError): void {
    this.#controller.abort(reason)
  }

  /** Notes that `id` (or everything) was written or invalidated meanwhile: what the call brings of it is not kept. */
  overtake(id?: string): void {
    if (id === undefined) this.#overtakenByAll = true
    else this.#overtaken.add(id)
  }

  isOvertaken(ids: readonly (string | undefined)[]): boolean {
    return this.#overtakenByAll || ids.some((id) => id !== undefined && this.#overtaken.has(id))
  }

  /** Waits for the result as one caller among many. */
  join(call: CallOptions = {}): Promise<T> {
    this.#waiters += 1
    return within(this.#result, call, this.#clock).finally(() => {
      this.#waiters -= 1
      if (this.#waiters === 0 && !this.#landed)
        this.#controller.abort(new SecretsError('closed', 'Everybody who waited has left.'))
    })
  }

  /** Waits until the call is over, however it ends, without holding it open. */
  over(): Promise<void> {
    return this.#result.then(
      () => {},
      () => {},
    )
  }
}
