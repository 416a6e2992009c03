import { type Clock, SecretsError, type Timer, toSecretsError } from '@keyplane/core'
import type { RotationJournal, RotationLease } from '../ports/journal.ts'

/**
 * A lease with the moment up to which it surely holds: by a clock that never jumps, and by one that goes on while the machine
 * sleeps, whichever is over first.
 */
export class LeaseKeeper {
  readonly #journal: RotationJournal
  readonly #clock: Clock
  readonly #ttlMs: number
  #lease: RotationLease
  #since: Moment

  private constructor(
    parts: { journal: RotationJournal; clock: Clock; ttlMs: number },
    lease: RotationLease,
    since: Moment,
  ) {
    this.#journal = parts.journal
    this.#clock = parts.clock
    this.#ttlMs = parts.ttlMs
    this.#lease = lease
    this.#since = since
  }

  /** Nothing where another holder has the secret. */
  static async take(
    parts: { readonly journal: RotationJournal; readonly clock: Clock; readonly ttlMs: number },
    secretId: string,
    holder: string,
  ): Promise<LeaseKeeper | undefined> {
    // Counted from before it was asked for: the answer may have been on its way for long.
    const since = momentOf(parts.clock)
    const lease = await parts.journal.lease(secretId, holder, parts.ttlMs)
    return lease && new LeaseKeeper(parts, lease, since)
  }

  get lease(): RotationLease {
    return this.#lease
  }

  /** Makes it last for all of a step. @throws SecretsError `conflict` (`lease_lost`) */
  async renew(): Promise<void> {
    const since = momentOf(this.#clock)
    const lease = await this.#journal.renew(this.#lease, this.#ttlMs)
    if (!lease) throw leaseLost()
    this.#lease = lease
    this.#since = since
  }

  /** Renews it for as long as something is done. The signal is aborted once it is lost, or may have ended. */
  async holding<T>(act: (lost: AbortSignal) => Promise<T>): Promise<T> {
    const lost = new AbortController()
    let timer: Timer | undefined
    const beat = (): void => {
      timer = this.#clock.after(Math.floor(this.#ttlMs / 3), () => void renewed(), { keepsAlive: true })
    }
    const renewed = async (): Promise<void> => {
      // It may end while the database does not answer.
      const end = this.#clock.after(Math.max(0, this.#leftMs()), () => lost.abort(leaseLost()), { keepsAlive: true })
      try {
        await this.renew()
      } catch (error) {
        if (toSecretsError(error).reason === 'lease_lost' || this.#leftMs() <= 0) return lost.abort(leaseLost())
      } finally {
        end.cancel()
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

  #leftMs(): number {
    const now = momentOf(this.#clock)
    const { wallMs, monotonicMs } = this.#since
    return this.#ttlMs - Math.max(now.wallMs - wallMs, now.monotonicMs - monotonicMs)
  }

  /** @throws SecretsError `conflict` (`lease_lost`) where it may have ended. */
  readonly require = (): void => {
    if (this.#leftMs() <= 0) throw leaseLost()
  }

  release(): Promise<void> {
    return this.#journal.release(this.#lease)
  }
}

interface Moment {
  readonly wallMs: number
  readonly monotonicMs: number
}

const momentOf = (clock: Clock): Moment => ({ wallMs: clock.nowMs(), monotonicMs: clock.monotonicMs() })

export const leaseLost = (): SecretsError =>
  new SecretsError('conflict', 'Another process rotates this secret: its lease was taken over.', {
    reason: 'lease_lost',
  })
