import type { Clock, Lease, LeaseKeeper, Random, SecretVersion } from '@keyplane/core'
import type { LeaseBounds } from './lease-settings.ts'

export interface HeldLeaseParts {
  readonly leases: LeaseKeeper
  readonly bounds: LeaseBounds
  readonly clock: Clock
  readonly random: Random
}

/** A version that has a lease. */
export type LeasedVersion = SecretVersion & { readonly lease: Lease }

/** Retries come closer together towards the end, but not closer than that. */
const minRetryMs = 1_000

/**
 * One credential for as long as it lives, and when what has to be done about it. It ends with its lease, or with the login by
 * which it was made, which may be prolonged meanwhile. Moments are on the clock's monotonic scale.
 */
export class HeldLease {
  readonly #parts: HeldLeaseParts
  readonly #lifeMs: number
  /** How long before its end it is replaced: its overlap with the next one, and a little more for getting that. */
  readonly #leadMs: number
  #version: LeasedVersion
  #leaseEndsAtMs = 0
  /** Infinite where it can't be renewed. */
  #renewAtMs = 0
  /** After a failure: nothing is tried before. */
  #waitUntilMs = 0

  constructor(version: LeasedVersion, parts: HeldLeaseParts) {
    this.#parts = parts
    this.#version = version
    this.prolong(version.lease)
    this.#lifeMs = this.leftMs()
    const { overlapMs } = parts.bounds
    this.#leadMs = Math.min(overlapMs, this.#lifeMs / 4) * (1.05 + parts.random.unit() / 10)
  }

  get lease(): Lease {
    return this.#version.lease
  }

  /** How long nobody may ask for it before it is no longer renewed. */
  get idleMs(): number {
    return this.#lifeMs
  }

  endsAtMs(): number {
    return this.#parts.clock.monotonicMs() + this.leftMs()
  }

  leftMs(): number {
    return Math.min(this.#leaseLeftMs(), this.#loginLeftMs())
  }

  /** Whether it lives long enough to be given to somebody. */
  serves(): boolean {
    return this.leftMs() > Math.min(this.#parts.bounds.minLeftMs, this.#lifeMs / 10)
  }

  /** As it is given: with the end that it has by this moment's knowledge. */
  given(): LeasedVersion {
    const leftMs = this.#loginLeftMs()
    if (leftMs >= this.#leaseLeftMs()) return this.#version
    const expiresAtMs = Math.floor(this.#parts.clock.nowMs() + leftMs)
    return Object.freeze({ ...this.#version, lease: Object.freeze({ ...this.lease, expiresAtMs }) })
  }

  /** When the next step is due; in the past where it is overdue. */
  dueAtMs(): number {
    return Math.max(this.#waitUntilMs, Math.min(this.#renewAtMs, this.endsAtMs() - this.#leadMs))
  }

  /** What is to be done at this moment. */
  step(): 'wait' | 'renew' | 'replace' {
    const nowMs = this.#parts.clock.monotonicMs()
    if (nowMs < this.dueAtMs()) return 'wait'
    return nowMs >= this.#renewAtMs ? 'renew' : 'replace'
  }

  /** Its lease as the source has renewed it: once more at two thirds of its life, give or take 5 %, if that can be. */
  prolong(lease: Lease): void {
    const { clock, random } = this.#parts
    const nowMs = clock.monotonicMs()
    const leftMs = lease.expiresAtMs - clock.nowMs()
    const gainedMs = nowMs + leftMs - this.#leaseEndsAtMs
    const isLast = lease.maxExpiresAtMs !== undefined && lease.expiresAtMs >= lease.maxExpiresAtMs
    this.#version = Object.freeze({ ...this.#version, lease })
    this.#leaseEndsAtMs = nowMs + leftMs
    const canRenew = lease.renewable && !isLast && gainedMs >= minRetryMs
    this.#renewAtMs = canRenew ? nowMs + (leftMs * 2 * (0.95 + random.unit() / 10)) / 3 : Infinity
  }

  /** From here on it can only be replaced. */
  renewNoMore(): void {
    this.#renewAtMs = Infinity
  }

  /** A step failed in a passing way: the next one comes after half of what is left at the latest. */
  retryLater(atLeastMs = 0): void {
    const waitMs = Math.min(this.leftMs() / 2, Math.max(this.#leadMs / 2, atLeastMs))
    this.#waitUntilMs = this.#parts.clock.monotonicMs() + Math.max(minRetryMs, waitMs)
  }

  /** By both clocks: the monotonic one may stand still while the machine sleeps, the other one may be set back. */
  #leaseLeftMs(): number {
    const { clock } = this.#parts
    return Math.min(this.#leaseEndsAtMs - clock.monotonicMs(), this.lease.expiresAtMs - clock.nowMs())
  }

  #loginLeftMs(): number {
    return this.#parts.leases.loginLeftMs?.(this.lease) ?? Infinity
  }
}
