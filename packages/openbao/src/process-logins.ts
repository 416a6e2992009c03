import type { Clock } from '@keyplane/core'
import { MemoryRefusals } from './refusal-ledger.ts'
import { Turns } from './turns.ts'

/** What this process's clients of OpenBao have in common where refusals lock a role. */
export interface ProcessLogins {
  readonly refusals: MemoryRefusals
  /** None is begun before it is known how the one before it ended. */
  readonly turns: Turns
}

const ofClock = new WeakMap<Clock, ProcessLogins>()

/** Of whichever client; by clock, since the moments are that clock's. */
export const processLogins = (clock: Clock): ProcessLogins => {
  const known = ofClock.get(clock) ?? { refusals: new MemoryRefusals(), turns: new Turns() }
  ofClock.set(clock, known)
  return known
}
