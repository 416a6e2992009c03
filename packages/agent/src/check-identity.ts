import { type Clock, SecretsError } from '@keyplane/core'

/** Whose credentials the agent reads with. */
export type Identity = (call: { readonly signal: AbortSignal }) => Promise<{ readonly account?: string }>

/** Long enough for STS on a bad day; a start that hangs longer helps nobody. */
const maxCheckMs = 5_000

/**
 * Asks once whose credentials they are, and ends with the signal or after five seconds even if the question hangs.
 * @throws SecretsError `timeout`, or what the question throws; the signal's reason.
 */
export const checkIdentity = async (identity: Identity, clock: Clock, signal?: AbortSignal): ReturnType<Identity> => {
  signal?.throwIfAborted()
  const call = new AbortController()
  const onAbort = (): void => call.abort(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  const late = new SecretsError('timeout', `The credentials could not be checked within ${maxCheckMs / 1_000} seconds.`)
  const timer = clock.after(maxCheckMs, () => call.abort(late), { keepsAlive: true })
  try {
    return await new Promise<{ readonly account?: string }>((resolve, reject) => {
      call.signal.addEventListener('abort', () => reject(call.signal.reason as Error), { once: true })
      identity({ signal: call.signal }).then(resolve, reject)
    })
  } finally {
    timer.cancel()
    signal?.removeEventListener('abort', onAbort)
  }
}
