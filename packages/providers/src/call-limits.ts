import { type CallOptions, type Clock, SecretsError } from '@keyplane/core'

/** What a client of a source is told of a call. */
export interface CallLimits {
  readonly signal?: AbortSignal
  readonly timeoutMs?: number
}

/**
 * What is left of a call's time, and its signal.
 * @throws the signal's reason where it is aborted; SecretsError `timeout` where the time is over.
 */
export const callLimits = ({ signal, deadlineAtMs }: CallOptions, clock: Clock, source: string): CallLimits => {
  signal?.throwIfAborted()
  const timeoutMs = deadlineAtMs === undefined ? undefined : deadlineAtMs - clock.monotonicMs()
  if (timeoutMs !== undefined && timeoutMs <= 0)
    throw new SecretsError('timeout', `The call's time was over before ${source} was asked.`, { source })
  return { ...(signal ? { signal } : {}), ...(timeoutMs === undefined ? {} : { timeoutMs }) }
}
