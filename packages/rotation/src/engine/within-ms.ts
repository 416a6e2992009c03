import { type Clock, SecretsError, type Timer, untilAborted } from '@keyplane/core'

/** What is under way when everything ends is given this long. */
const lastMs = 2_000

export interface StepSignals {
  /** Everything ends. */
  readonly ending?: AbortSignal | undefined
  /** It has to end at once, with the signal's reason. */
  readonly lost?: AbortSignal
}

/**
 * What an act gives in that time, or in two seconds once everything ends. The act's signal is aborted after it.
 * @throws SecretsError `timeout`; `unavailable` (`stopped`) where it was given up because everything ends.
 */
export const withinMs = async <T>(
  clock: Clock,
  ms: number,
  act: (signal: AbortSignal) => Promise<T>,
  { ending, lost }: StepSignals = {},
): Promise<T> => {
  const abort = new AbortController()
  const timers: Timer[] = []
  const giveUpAfter = (afterMs: number, reason: SecretsError): void => {
    timers.push(clock.after(afterMs, () => abort.abort(reason), { keepsAlive: true }))
  }
  giveUpAfter(ms, new SecretsError('timeout', `No answer within ${ms} ms.`))
  const onEnding = (): void => giveUpAfter(lastMs, stopped())
  const onLost = (): void => abort.abort(lost?.reason)
  if (ending?.aborted) onEnding()
  ending?.addEventListener('abort', onEnding, { once: true })
  lost?.addEventListener('abort', onLost, { once: true })
  try {
    return await untilAborted(act(abort.signal), abort.signal)
  } finally {
    ending?.removeEventListener('abort', onEnding)
    lost?.removeEventListener('abort', onLost)
    for (const timer of timers) timer.cancel()
  }
}

/** Everything ends: nothing is known of what was under way. */
export const stopped = (): SecretsError =>
  new SecretsError('unavailable', 'The step was given up: this process ends.', { reason: 'stopped' })
