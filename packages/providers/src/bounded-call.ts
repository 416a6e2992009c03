import { type CallOptions, type Clock, SecretsError, untilAborted } from '@keyplane/core'
import { type CallLimits, callLimits } from './call-limits.ts'

/** What an SDK is told of a call. */
export type SdkLimits = Required<CallLimits>

export interface BoundedCallParts {
  readonly clock: Clock
  /** The provider's name, for errors. */
  readonly source: string
  /** Aborted when the provider is closed. */
  readonly closing: AbortSignal
  /** For a call without a deadline. Infinity for none. */
  readonly limitMs: number
  /** Any failure of the SDK's as our own. */
  readonly errorOf: (thrown: unknown) => SecretsError
}

// A timer holds 32 bits of milliseconds at most.
const longestMs = 2_000_000_000

/**
 * A call of an SDK's, which ends with the caller's leave, its deadline or the provider's end, whatever the SDK does: a
 * version of it may know no limits, or hang before it looks at them.
 * @throws the signal's reason; SecretsError `timeout`, `closed`, or what `errorOf` makes of the failure.
 */
export const boundedCall = async <T>(
  call: CallOptions | undefined,
  act: (limits: SdkLimits) => Promise<T>,
  { clock, source, closing, limitMs, errorOf }: BoundedCallParts,
): Promise<T> => {
  const { signal: caller, timeoutMs = limitMs } = callLimits(call ?? {}, clock, source)
  const ended = new AbortController()
  const end = (): void => ended.abort()
  let isOver = false
  const timer = clock.after(
    Math.min(timeoutMs, longestMs),
    () => {
      isOver = true
      end()
    },
    { keepsAlive: true },
  )
  for (const signal of [caller, closing]) signal?.addEventListener('abort', end, { once: true })
  try {
    if (closing.aborted) end()
    return await untilAborted(act({ signal: ended.signal, timeoutMs: Math.min(timeoutMs, longestMs) }), ended.signal)
  } catch (thrown) {
    if (caller?.aborted) throw caller.reason
    if (closing.aborted) throw new SecretsError('closed', `The ${source} provider was closed.`, { source })
    // The SDK's own timer may be a moment ahead of ours.
    const isAborted = thrown instanceof Error && thrown.name === 'AbortError'
    if (!isOver && !isAborted) throw errorOf(thrown)
    throw new SecretsError('timeout', `${source} did not answer in ${Math.ceil(timeoutMs)} ms.`, { source })
  } finally {
    timer.cancel()
    for (const signal of [caller, closing]) signal?.removeEventListener('abort', end)
  }
}
