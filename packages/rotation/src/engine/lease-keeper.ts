import { type Clock, SecretsError, type Timer, toSecretsError } from '@keyplane/core'
import type { RotationJournal, RotationLease } from '../ports/journal.ts'

/** A lease with the moment, on a clock that never jumps, up to which it surely holds. */
export class LeaseKeeper {
  readonly #journal: RotationJournal
  readonly #clock: Clock
  readonly #ttlMs: number
  #lease: RotationLease
  #holdsUntilMs: number

  private constructor(
    parts: { journal: RotationJournal; clock: Clock; ttlMs: number },
    lease: RotationLease,
    sinceMs: number,
  ) {
    this.#journal = parts.journal
    this.#clock = parts.clock
    this.#ttlMs = parts.ttlMs
    this.#lease = lease
    this.#holdsUntilMs = sinceMs + parts.ttlMs
  }

  /** Nothing where another holder has the secret. */
  static async take(
    parts: { readonly journal: RotationJournal; readonly clock: Clock; readonly ttlMs: number },
    secretId: string,
    holder: string,
  ): Promise<LeaseKeeper | undefined> {
    // Counted from before it was asked for: the answer may have been on its way for long.
    const sinceMs = parts.clock.monotonicMs()
    const lease = await parts.journal.lease(secretId, holder, parts.ttlMs)
    return lease && new LeaseKeeper(parts, lease, sinceMs)
  }

  get lease(): RotationLease {
    return this.#lease
  }

  /** Makes it last for all of a step. @throws SecretsError `conflict` (`lease_lost`) */
  async renew(): Promise<void> {
    const sinceMs = this.#clock.monotonicMs()
    const lease = await this.#journal.renew(this.#lease, this.#ttlMs)
    if (!lease) throw leaseLost()
    this.#lease = lease
    this.#holdsUntilMs = sinceMs + this.#ttlMs
  }

  /** Renews it for as long as something is done. The signal is aborted once it is lost, or may have ended. */
  async holding<T>(act: (lost: AbortSignal) => Promise<T>): Promise<T> {
    const lost = new AbortController()
    let timer: Timer | undefined
    const beat = (): void => {
      timer = this.#clock.after(Math.floor(this.#ttlMs / 3), () => void renewed(), { keepsAlive: true })
    }
    const renewed = async (): Promise<void> => {
      try {
        await this.renew()
      } catch (error) {
        if (toSecretsError(error).reason === 'lease_lost' || !this.#holds()) return lost.abort(leaseLost())
      }
      if (timer) beat()
    }
    beat()
    try {
      return await act(lost.signal)
    } finally {
      timer?.cancel()
      timer = undefined
    }
  }

  #holds(): boolean {
    return this.#clock.monotonicMs() < this.#holdsUntilMs
  }

  /** @throws SecretsError `conflict` (`lease_lost`) where it may have ended. */
  readonly require = (): void => {
    if (!this.#holds()) throw leaseLost()
  }

  release(): Promise<void> {
    return this.#journal.release(this.#lease)
  }
}

export const leaseLost = (): SecretsError =>
  new SecretsError('conflict', 'Another process rotates this secret: its lease was taken over.', {
    reason: 'lease_lost',
  })
