import { type CallOptions, type Clock, SecretsError } from '@keyplane/core'

/**
 * Waits for `work` no longer than the caller does. The work itself goes on: whoever began it ends it.
 * @throws `signal.reason` on abort, `timeout` at the deadline.
 */
export const within = <T>(work: Promise<T>, { signal, deadlineAtMs }: CallOptions, clock: Clock): Promise<T> => {
  if (!signal && deadlineAtMs === undefined) return work
  if (deadlineAtMs !== undefined && deadlineAtMs <= clock.monotonicMs()) return Promise.reject(tooLate())
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => settle(() => reject(signal?.reason))
    const timer =
      deadlineAtMs === undefined
        ? undefined
        : clock.after(deadlineAtMs - clock.monotonicMs(), () => settle(() => reject(tooLate())))
    const settle = (how: () => void): void => {
      timer?.cancel()
      signal?.removeEventListener('abort', onAbort)
      how()
    }
    work.then(
      (value) => settle(() => resolve(value)),
      (error) => settle(() => reject(error)),
    )
    if (signal?.aborted) onAbort()
    else signal?.addEventListener('abort', onAbort, { once: true })
  })
}

const tooLate = (): SecretsError => new SecretsError('timeout', 'The deadline passed before the source answered.')
