import { type CallOptions, type Clock, SecretsError, type SecretProvider } from '@keyplane/core'
import { around } from './around.ts'

/**
 * Bounds a call, and aborts the source's work when the time is up: `within` only stops waiting for it.
 * The caller's own earlier deadline holds.
 */
export const bounded = async <T>(
  act: (call: CallOptions) => Promise<T>,
  call: CallOptions,
  { timeoutMs, clock, source, what }: { timeoutMs: number; clock: Clock; source: string; what: string },
): Promise<T> => {
  call.signal?.throwIfAborted()
  const leftMs = Math.min(timeoutMs, (call.deadlineAtMs ?? Number.POSITIVE_INFINITY) - clock.monotonicMs())
  const controller = new AbortController()
  const onAbort = (): void => controller.abort(call.signal?.reason)
  call.signal?.addEventListener('abort', onAbort, { once: true })
  const giveUp = (): void => {
    const message = `${source} gave no answer within ${Math.round(leftMs)} ms (${what}).`
    controller.abort(new SecretsError('timeout', message, { source }))
  }
  // Somebody waits: a source that holds nothing open must not end the program in silence.
  const timer = clock.after(leftMs, giveUp, { keepsAlive: true })
  const aborted = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason), { once: true })
  })
  try {
    const deadlineAtMs = clock.monotonicMs() + leftMs
    return await Promise.race([act({ ...call, signal: controller.signal, deadlineAtMs }), aborted])
  } finally {
    timer.cancel()
    call.signal?.removeEventListener('abort', onAbort)
  }
}

/** The outer bound: a call with all its attempts. Throws `timeout`. */
export const withDeadline = (
  provider: SecretProvider,
  { timeoutMs, clock }: { readonly timeoutMs: number; readonly clock: Clock },
): SecretProvider =>
  around(provider, (act, call) => bounded(act, call, { timeoutMs, clock, source: provider.name, what: 'all attempts' }))

/** The inner bound: one attempt. Throws `timeout`, which is not retried and trips the breaker. */
export const withAttemptTimeout = (
  provider: SecretProvider,
  { timeoutMs, clock }: { readonly timeoutMs: number; readonly clock: Clock },
): SecretProvider =>
  around(provider, (act, call) => bounded(act, call, { timeoutMs, clock, source: provider.name, what: 'one attempt' }))
