import { type Clock, type SecretProvider, SecretsError } from '@keyplane/core'
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

/**
 * Spares a source that is down, and callers the wait: while it is open, calls fail at once with `unavailable`, reason
 * `breaker_open`. Only failures of the source count; an absence or a refusal is an answer.
 */
export const withBreaker = (
  provider: SecretProvider,
  { failures = 5, openMs = 5_000, clock }: BreakerOptions,
): SecretProvider => {
  let state: State = { kind: 'closed', failures: 0 }

  const admit = (): void => {
    if (state.kind === 'closed') return
    const leftMs = state.kind === 'open' ? state.untilMs - clock.monotonicMs() : openMs
    if (leftMs > 0)
      throw new SecretsError('unavailable', breakerOpen(provider.name, state), {
        source: provider.name,
        reason: 'breaker_open',
        retryAfterMs: leftMs,
      })
    state = { kind: 'half_open' }
  }

  const noteFailure = (error: unknown): void => {
    const code = error instanceof SecretsError && error.code !== 'closed' ? error.code : undefined
    if (code !== 'timeout' && code !== 'unavailable' && code !== 'bad_response') {
      // The caller's own abort proves nothing about the source; any other answer proves that it is there.
      if (code !== undefined) state = { kind: 'closed', failures: 0 }
      else if (state.kind === 'half_open') state = { kind: 'open', untilMs: clock.monotonicMs() }
      return
    }
    const count = state.kind === 'closed' ? state.failures + 1 : failures
    const opens = code === 'timeout' || count >= failures
    state = opens
      ? { kind: 'open', untilMs: clock.monotonicMs() + openMs, last: error as SecretsError }
      : { kind: 'closed', failures: count }
  }

  return around(provider, async (act, call) => {
    admit()
    try {
      const result = await act(call)
      state = { kind: 'closed', failures: 0 }
      return result
    } catch (error) {
      noteFailure(error)
      throw error
    }
  })
}

/** With the failure that opened it, or nobody would see the cause. */
const breakerOpen = (name: string, state: State): string => {
  const last = state.kind === 'open' ? state.last?.message : undefined
  return `${name} failed repeatedly; it is not asked for a moment.${last === undefined ? '' : ` Its last failure: ${last}`}`
}
