import type { Clock } from '@keyplane/core'
import { MemoryRefusals } from './refusal-ledger.ts'
import { Turns } from './turns.ts'

/** What this process's clients of OpenBao have in common where refusals lock a role. */
export interface ProcessLogins {
  readonly refusals: MemoryRefusals
  /** None is begun before it is known how the one before it ended. */
  readonly turns: Turns
  /** By role, the fingerprint of the credentials that OpenBao took last. */
  readonly accepted: Map<string, string>
}

const ofClock = new WeakMap<Clock, ProcessLogins>()

/** Of whichever client; by clock, since the moments are that clock's. */
export const processLogins = (clock: Clock): ProcessLogins => {
  const known = ofClock.get(clock) ?? { refusals: new MemoryRefusals(), turns: new Turns(), accepted: new Map() }
  ofClock.set(clock, known)
  return known
}
