import { type Clock, SecretsError, untilAborted } from '@keyplane/core'

/** What an act gives in that time. @throws SecretsError `timeout` after it; the act's signal is aborted then. */
export const withinMs = async <T>(clock: Clock, ms: number, act: (signal: AbortSignal) => Promise<T>): Promise<T> => {
  const abort = new AbortController()
  const timer = clock.after(ms, () => abort.abort(new SecretsError('timeout', `No answer within ${ms} ms.`)), {
    keepsAlive: true,
  })
  try {
    return await untilAborted(act(abort.signal), abort.signal)
  } finally {
    timer.cancel()
  }
}
