import type { Clock } from './ports/clock.ts'

const after: Clock['after'] = (delayMs, act, { keepsAlive = false } = {}) => {
  const timer: unknown = setTimeout(act, delayMs)
  // A browser's timer is a number and holds nothing open; Node's is an object that would.
  if (typeof timer === 'object' && !keepsAlive) (timer as { unref(): void }).unref()
  return { cancel: () => clearTimeout(timer as number) }
}

/** How old a moment may be that `recentMs` gives. */
const recentForMs = 5

let recent: number | undefined
/** Tests replace the timers of a process, and its time with them; what waited on theirs never comes. */
const ownSetTimeout = setTimeout

const forget = (): void => {
  recent = undefined
}

/** Reading the clock costs as much as all else that a cached read does, so one reading serves those of its moment. */
const recentMs = (): number => {
  if (globalThis.setTimeout !== ownSetTimeout) return performance.now()
  if (recent !== undefined) return recent
  recent = performance.now()
  after(recentForMs, forget)
  return recent
}

/** The machine's own time. */
export const systemClock: Clock = Object.freeze({
  nowMs: () => Date.now(),
  monotonicMs: performance.now.bind(performance),
  recentMs,
  after,
})
