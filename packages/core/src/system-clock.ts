import type { Clock } from './ports/clock.ts'

/** The machine's own time. */
export const systemClock: Clock = Object.freeze({
  nowMs: () => Date.now(),
  // Bound, not wrapped: every cached read asks.
  monotonicMs: performance.now.bind(performance),
  after: (delayMs: number, act: () => void, { keepsAlive = false }: { readonly keepsAlive?: boolean } = {}) => {
    const timer = setTimeout(act, delayMs)
    // A browser's timer is a number and holds nothing open; Node's is an object that would.
    if (typeof timer === 'object' && !keepsAlive) (timer as { unref(): void }).unref()
    return { cancel: () => clearTimeout(timer) }
  },
})
