import type { InCanary } from './rotation.ts'

/** So late a look comes only where nobody was there to hear of refusals: it is as long as from heartbeat to heartbeat. */
const lateAfterMs = 10_000

/** When a canary's time is over: it begins anew after a while in which nobody watched. */
export const watchedUntilMs = ({ canary, promoteAtMs, lookAtMs }: InCanary, atMs: number): number => {
  const expectedAtMs = lookAtMs ?? promoteAtMs - canary.observeMs
  return atMs > expectedAtMs + lateAfterMs ? atMs + canary.observeMs : promoteAtMs
}
