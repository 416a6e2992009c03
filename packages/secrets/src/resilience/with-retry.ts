import { type CallOptions, type Clock, type Random, type SecretProvider, SecretsError } from '@keyplane/core'
import { around } from './around.ts'
import { backoffMs } from './backoff.ts'
import { isRetryable } from './retryable.ts'
import { waited } from './waited.ts'

export interface RetryOptions {
  /** Calls in all, the first included. Default 3. */
  readonly attempts?: number
  /** Bound of the first wait. Default 50 ms, doubling. */
  readonly baseMs?: number
  /** Bound of every wait. Default 1,000 ms. */
  readonly maxMs?: number
  readonly clock: Clock
  readonly random: Random
}

const isBreakerOpen = (thrown: unknown): boolean => thrown instanceof SecretsError && thrown.reason === 'breaker_open'

/** Asks again where the failure may have passed; never beyond the caller's deadline, never sooner than the source asks. */
export const withRetry = (
  provider: SecretProvider,
  { attempts = 3, baseMs = 50, maxMs = 1_000, clock, random }: RetryOptions,
): SecretProvider => {
  /** Waits before the next attempt; false where there is none to wait for. */
  const pause = async (error: SecretsError, attempt: number, call: CallOptions): Promise<boolean> => {
    if (attempt > attempts || !isRetryable(error)) return false
    const delayMs = Math.max(error.retryAfterMs ?? 0, backoffMs(attempt, { baseMs, maxMs }, random))
    if (call.deadlineAtMs !== undefined && clock.monotonicMs() + delayMs >= call.deadlineAtMs) return false
    await waited(delayMs, clock, call.signal)
    return true
  }
  return around(provider, async (act, call) => {
    let before: SecretsError | undefined
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await act(call)
      } catch (thrown) {
        // What opened the breaker says more than that it is open.
        if (before && isBreakerOpen(thrown)) throw before
        if (!(thrown instanceof SecretsError) || !(await pause(thrown, attempt + 1, call))) throw thrown
        before = thrown
      }
    }
  })
}
