import { type Clock, untilAborted } from '@keyplane/core'

export interface Limits {
  readonly clock: Clock
  /** Milliseconds from this moment. */
  readonly timeoutMs: number
  /** Each ends the work with its reason. */
  readonly signals: readonly (AbortSignal | undefined)[]
  /** What is thrown when the time is over. */
  readonly late: () => Error
}

/** Ends by the time or a signal, whichever is first. Gives what releases both. */
const endWith = ({ clock, timeoutMs, signals, late }: Limits, end: (reason: unknown) => void): (() => void) => {
  const timer = clock.after(timeoutMs, () => end(late()))
  const links = signals.flatMap((signal) => {
    if (!signal) return []
    const onAbort = (): void => end(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    return [() => signal.removeEventListener('abort', onAbort)]
  })
  return () => {
    timer.cancel()
    for (const unlink of links) unlink()
  }
}

/**
 * What `act` gives, if it does in time and before a signal; else the signal's reason, or `late`. `act` is told by a signal
 * of its own when it is no longer waited for.
 */
export const withinLimits = async <T>(limits: Limits, act: (ended: AbortSignal) => Promise<T>): Promise<T> => {
  const ended = new AbortController()
  const release = endWith(limits, (reason) => ended.abort(reason))
  try {
    ended.signal.throwIfAborted()
    return await untilAborted(act(ended.signal), ended.signal)
  } catch (thrown) {
    throw ended.signal.aborted ? ended.signal.reason : thrown
  } finally {
    release()
  }
}
