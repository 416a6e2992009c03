import { type Change, type Clock, type Random, type SecretProvider, SecretsError } from '@keyplane/core'
import { backoffMs } from '../resilience/backoff.ts'

export interface FollowOptions {
  readonly tell: (change: Change) => void
  readonly clock: Clock
  readonly random: Random
}

/** Bounds of the wait before a stream that ended is opened again. */
const reopening = { baseMs: 1_000, maxMs: 60_000 }

/** A stream that was opened again and is still open after this has come to stay. */
const settledAfterMs = 1_000

/**
 * Follows what a source pushes, for as long as it is open. A stream that ends is opened again after a growing wait, and
 * once it stays open everything counts as changed. Nothing here keeps the process alive.
 * @returns what ends it.
 */
export const followChanges = (provider: SecretProvider, { tell, clock, random }: FollowOptions): (() => void) => {
  const { watch } = provider
  if (!watch) return () => {}
  const ended = new AbortController()
  let failures = 0
  const follow = async (): Promise<void> => {
    const settled = failures > 0 ? clock.after(settledAfterMs, () => tell({ kind: 'resync' })) : undefined
    try {
      for await (const change of watch.watch('all', ended.signal)) {
        failures = 0
        tell(change)
      }
    } catch (thrown) {
      // A source that pushes nothing is asked as ever: its answers expire.
      if (thrown instanceof SecretsError && thrown.code === 'unsupported') return
    } finally {
      settled?.cancel()
    }
    if (ended.signal.aborted) return
    failures += 1
    clock.after(backoffMs(failures + 1, reopening, random), () => {
      if (!ended.signal.aborted) void follow()
    })
  }
  void follow()
  return () => ended.abort(new SecretsError('closed', `The source ${provider.name} is closed.`))
}
