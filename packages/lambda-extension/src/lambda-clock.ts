import type { Clock } from '@keyplane/core'

/**
 * The clock of a process that Lambda freezes. Whether time goes on for it meanwhile is nowhere promised: its ages are by
 * the wall clock where that is ahead, so that a value does not outlive its TTL by the time that it was frozen. They never
 * go back. The time is asked for at each read: one that was kept would be that of the moment before the freeze.
 */
export const lambdaClock = (clock: Clock): Clock => {
  const [wallAtStart, ageAtStart] = [clock.nowMs(), clock.monotonicMs()]
  let latest = ageAtStart
  const monotonicMs = (): number => {
    latest = Math.max(latest, clock.monotonicMs(), ageAtStart + clock.nowMs() - wallAtStart)
    return latest
  }
  return Object.freeze({
    nowMs: () => clock.nowMs(),
    monotonicMs,
    recentMs: monotonicMs,
    after: (delayMs: number, act: () => void, options?: Parameters<Clock['after']>[2]) =>
      clock.after(delayMs, act, options),
  })
}
