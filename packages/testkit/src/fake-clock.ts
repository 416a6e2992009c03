import type { Clock, Timer } from '@keyplane/core'

/** A clock that stands still until it is told to move. */
export interface FakeClock extends Clock {
  /** Moves on by `ms`, running each timer that falls due at its own moment, and what it sets off. */
  advance(ms: number): Promise<void>
  /** How many timers wait. */
  readonly waiting: number
}

interface Waiting {
  readonly dueAtMs: number
  readonly act: () => void
}

/** Lets promises that are ready run to the end; in macrotasks, so that chains of any length are done, and batches sent. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

/** A clock for tests. It starts at 2026-01-01T00:00:00Z unless told otherwise. */
export const fakeClock = (startMs: number = Date.UTC(2026, 0, 1)): FakeClock => {
  let elapsedMs = 0
  const timers = new Set<Waiting>()
  const next = (): Waiting | undefined =>
    [...timers].reduce<Waiting | undefined>((a, b) => (a && a.dueAtMs <= b.dueAtMs ? a : b), undefined)
  return {
    nowMs: () => startMs + elapsedMs,
    monotonicMs: () => elapsedMs,
    recentMs: () => elapsedMs,
    after: (delayMs: number, act: () => void): Timer => {
      const timer = { dueAtMs: elapsedMs + Math.max(0, delayMs), act }
      timers.add(timer)
      return { cancel: () => timers.delete(timer) }
    },
    advance: async (ms: number) => {
      const untilMs = elapsedMs + ms
      await settle()
      for (let timer = next(); timer && timer.dueAtMs <= untilMs; timer = next()) {
        timers.delete(timer)
        elapsedMs = Math.max(elapsedMs, timer.dueAtMs)
        timer.act()
        await settle()
      }
      elapsedMs = untilMs
      await settle()
    },
    get waiting() {
      return timers.size
    },
  }
}
