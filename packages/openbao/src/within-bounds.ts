import { type Clock, SecretsError, untilAborted } from '@keyplane/core'

export interface Bounds {
  /** On the clock's monotonic scale. */
  readonly deadlineAtMs: number
  readonly signal?: AbortSignal
}

export interface BoundsParts {
  readonly clock: Clock
  readonly source: string
  /** What is waited for, in the message. */
  readonly waitingFor: string
}

/** The outcome of work that is shared with others: it goes on when this caller leaves or its time is over. */
export const withinBounds = <T>(
  work: Promise<T>,
  { deadlineAtMs, signal }: Bounds,
  { clock, source, waitingFor }: BoundsParts,
): Promise<T> => {
  const leftMs = Math.max(0, deadlineAtMs - clock.monotonicMs())
  return new Promise((resolve, reject) => {
    const isOver = (): void =>
      reject(new SecretsError('timeout', `${waitingFor} took longer than ${Math.ceil(leftMs)} ms.`, { source }))
    const timer = clock.after(leftMs, isOver, { keepsAlive: true })
    untilAborted(work, signal)
      .then(resolve, reject)
      .finally(() => timer.cancel())
  })
}
