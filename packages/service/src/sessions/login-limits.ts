import { type Clock, SecretsError } from '@keyplane/core'
import { addressGroup } from '../limits/address-group.ts'
import { Backoff } from './backoff.ts'

/** Whom a login is for, and from where. */
export interface LoginAttempt {
  readonly user: string
  readonly address: string
}

const fiveMinutesMs = 300_000

/**
 * Slows guessing down without locking anybody out. Failures count for the user at that address, and for the address
 * whatever the user: those are the guesser's own, and their wait grows long. They count for the user from everywhere too,
 * but that wait is short, and an address from which the user has logged in since the start does not have it.
 */
export class LoginLimits {
  readonly #pair: Backoff
  readonly #address: Backoff
  readonly #user: Backoff
  readonly #known = new Set<string>()

  constructor(clock: Clock) {
    this.#pair = new Backoff(clock, { free: 5, firstMs: 1_000, longestMs: fiveMinutesMs })
    this.#address = new Backoff(clock, { free: 20, firstMs: 1_000, longestMs: fiveMinutesMs })
    this.#user = new Backoff(clock, { free: 30, firstMs: 1_000, longestMs: 10_000 })
  }

  /** Counts as failed from here on, so that attempts at the same time are no way around. @throws SecretsError `rate_limited` */
  begin(attempt: LoginAttempt): void {
    const { user, address, pair } = namesOf(attempt)
    const retryAfterMs = Math.max(
      this.#pair.waitMs(pair),
      this.#address.waitMs(address),
      this.#known.has(pair) ? 0 : this.#user.waitMs(user),
    )
    if (retryAfterMs > 0) throw new SecretsError('rate_limited', 'Too many failed logins; wait.', { retryAfterMs })
    this.#pair.failed(pair)
    this.#address.failed(address)
    this.#user.failed(user)
  }

  /** It was neither right nor wrong: it does not count. */
  untried(attempt: LoginAttempt): void {
    const { user, address, pair } = namesOf(attempt)
    this.#pair.takeBack(pair)
    this.#address.takeBack(address)
    this.#user.takeBack(user)
  }

  /** The address keeps what others cost it: one who has a login there could otherwise guess on for ever. */
  succeeded(attempt: LoginAttempt): void {
    const { user, address, pair } = namesOf(attempt)
    this.#pair.forget(pair)
    this.#address.takeBack(address)
    this.#user.takeBack(user)
    this.#known.delete(pair)
    this.#known.add(pair)
    const [oldest] = this.#known
    if (this.#known.size > 10_000 && oldest !== undefined) this.#known.delete(oldest)
  }
}

const namesOf = ({ user, address }: LoginAttempt) => {
  const network = addressGroup(address)
  return { user, address: network, pair: JSON.stringify([user, network]) }
}
