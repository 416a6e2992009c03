import { type Clock, type SecretProvider, SecretsError, type Timer } from '@keyplane/core'
import { around } from './around.ts'

export interface BreakerOptions {
  /** Failures in a row that open it. A hang opens it at once. Default 5. */
  readonly failures?: number
  /** How long it stays open before one call may try. Default 5,000 ms. */
  readonly openMs?: number
  readonly clock: Clock
}

type State =
  | { readonly kind: 'closed'; readonly failures: number }
  | { readonly kind: 'open'; readonly untilMs: number; readonly last?: SecretsError }
  | { readonly kind: 'half_open' }

const defaultOpenMs = 5_000
/** So many roles' and credentials' failures are remembered; which of them are asked for is the callers' to say. */
const maxApart = 1_000

/** How long after somebody was turned away it is tried for him. */
const wantedMs = 60_000

/**
 * Spares a source that is down, and callers the wait: while it is open, calls fail at once with `unavailable`, reason
 * `breaker_open`. Whether the source is back is tried behind the callers, by the read that failed, as long as somebody
 * asked within a minute; else the next caller tries. Only failures of the source count; an absence or a refusal is an
 * answer. Reads by a role are counted for each role alone, and calls about a credential for that one: that a role can't be
 * assumed, or that the database does not answer in which a user is to be made, says nothing of other reads.
 */
export const withBreaker = (provider: SecretProvider, options: BreakerOptions): SecretProvider => {
  const own = new Breaker(provider.name, options)
  const ofEach = new Map<string, Breaker>()
  const guarded = around(provider, async (act, call, { apart, isRead = false } = {}) => {
    const again = isRead ? () => act({}) : undefined
    if (apart === undefined) return own.run(() => act(call), again)
    const breaker = ofEach.get(apart) ?? new Breaker(provider.name, options)
    ofEach.delete(apart)
    ofEach.set(apart, breaker)
    const [[oldest, forgotten] = []] = ofEach
    if (oldest !== undefined && ofEach.size > maxApart) {
      forgotten?.close()
      ofEach.delete(oldest)
    }
    try {
      return await breaker.run(() => act(call), again)
    } finally {
      if (breaker.isUntroubled && ofEach.get(apart) === breaker) ofEach.delete(apart)
    }
  })
  const close = async (): Promise<void> => {
    for (const breaker of [own, ...ofEach.values()]) breaker.close()
    await guarded.close?.()
  }
  // What becomes of a lease is paced by who keeps it, and a pause here could cost it.
  return { ...guarded, close, ...(provider.leases && { leases: provider.leases }) }
}

class Breaker {
  readonly #source: string
  readonly #options: BreakerOptions
  #state: State = { kind: 'closed', failures: 0 }
  #trial: Timer | undefined
  #wantedAtMs = 0
  #closed = false

  constructor(source: string, options: BreakerOptions) {
    this.#source = source
    this.#options = options
  }

  /** There is nothing to remember. */
  get isUntroubled(): boolean {
    return this.#state.kind === 'closed' && this.#state.failures === 0
  }

  /** `again` tries the same once more, for nobody; absent where that would do something. */
  async run<T>(act: () => Promise<T>, again?: () => Promise<unknown>): Promise<T> {
    this.#admit()
    return this.#tried(act, again)
  }

  close(): void {
    this.#closed = true
    this.#endTrial()
  }

  #endTrial(): void {
    this.#trial?.cancel()
    this.#trial = undefined
  }

  async #tried<T>(act: () => Promise<T>, again: (() => Promise<unknown>) | undefined): Promise<T> {
    try {
      const result = await act()
      this.#state = { kind: 'closed', failures: 0 }
      this.#endTrial()
      return result
    } catch (error) {
      this.#noteFailure(error)
      if (again && this.#state.kind === 'open') this.#tryLater(again)
      throw error
    }
  }

  #tryLater(again: () => Promise<unknown>): void {
    // A call that was under way may fail after the end.
    if (this.#closed) return
    const { openMs = defaultOpenMs, clock } = this.#options
    this.#endTrial()
    this.#trial = clock.after(openMs, () => {
      this.#trial = undefined
      if (this.#state.kind !== 'open' || clock.monotonicMs() - this.#wantedAtMs > wantedMs) return
      this.#state = { kind: 'half_open' }
      this.#tried(again, again).catch(() => undefined)
    })
  }

  #admit(): void {
    const { openMs = defaultOpenMs, clock } = this.#options
    const state = this.#state
    this.#wantedAtMs = clock.monotonicMs()
    if (state.kind === 'closed') return
    const leftMs = state.kind === 'open' ? state.untilMs - clock.monotonicMs() : openMs
    // The trial that is about to begin is nobody's: a caller who comes a moment before it does not wait either.
    if (leftMs > 0 || this.#trial)
      throw new SecretsError('unavailable', breakerOpen(this.#source, state), {
        source: this.#source,
        reason: 'breaker_open',
        retryAfterMs: Math.max(leftMs, 1),
      })
    this.#state = { kind: 'half_open' }
  }

  #noteFailure(error: unknown): void {
    const { failures = 5, openMs = defaultOpenMs, clock } = this.#options
    const code = error instanceof SecretsError && error.code !== 'closed' ? error.code : undefined
    if (code !== 'timeout' && code !== 'unavailable' && code !== 'bad_response') {
      // The caller's own abort proves nothing about the source; any other answer proves that it is there.
      if (code !== undefined) this.#state = { kind: 'closed', failures: 0 }
      else if (this.#state.kind === 'half_open') this.#state = { kind: 'open', untilMs: clock.monotonicMs() }
      return
    }
    const count = this.#state.kind === 'closed' ? this.#state.failures + 1 : failures
    const opens = code === 'timeout' || count >= failures
    this.#state = opens
      ? { kind: 'open', untilMs: clock.monotonicMs() + openMs, last: error as SecretsError }
      : { kind: 'closed', failures: count }
  }
}

/** With the failure that opened it, or nobody would see the cause. */
const breakerOpen = (name: string, state: State): string => {
  const last = state.kind === 'open' ? state.last?.message : undefined
  return `${name} failed repeatedly; it is not asked for a moment.${last === undefined ? '' : ` Its last failure: ${last}`}`
}
