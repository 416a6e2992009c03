import type { Clock } from '@keyplane/core'

/** Resolves when the time has passed; rejects with the signal's reason if it is aborted before. */
export const waited = (delayMs: number, clock: Clock, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const onAbort = (): void => {
      timer.cancel()
      reject(signal?.reason)
    }
    const act = (): void => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }
    // A program that waits for its secret must not end for want of other work.
    const timer = clock.after(delayMs, act, { keepsAlive: true })
    if (signal?.aborted) onAbort()
    else signal?.addEventListener('abort', onAbort, { once: true })
  })
