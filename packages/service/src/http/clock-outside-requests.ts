import type { Clock } from '@keyplane/core'
import { outsideRequests } from './request-context.ts'

/** A clock whose timers run for no request: what is renewed later is not the doing of whoever asked for it first. */
export const clockOutsideRequests = (clock: Clock): Clock => ({
  nowMs: () => clock.nowMs(),
  monotonicMs: () => clock.monotonicMs(),
  recentMs: () => clock.recentMs(),
  after: (delayMs, act, options) => clock.after(delayMs, () => outsideRequests(act), options),
})
