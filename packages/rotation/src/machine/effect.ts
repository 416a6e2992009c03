import type { Rotation, RotationState } from './rotation.ts'

/**
 * What is done next. Each may be done again at any moment: the outcome is written after it, and whoever died in between
 * does it once more.
 */
export type Effect =
  /** Looks which version is current and whether the target accepts it. */
  | 'check'
  /** Makes a new credential and stores it as pending (AWS's createSecret). */
  | 'create'
  /** Gives the new credential to the target (setSecret). */
  | 'set'
  /** Logs in with the new credential (testSecret). */
  | 'test'
  /** Looks how the new credential fares with the consumers that have it first. */
  | 'observe'
  /** Makes the pending version current (finishSecret). */
  | 'promote'
  /** Reads what is current, as a reader would, and logs in with it. */
  | 'verify'
  /** Takes the old credential from the target, where it is one of its own, once its consumers have the new one. */
  | 'retire'
  /** Makes the target accept the old credential again. */
  | 'revert'
  /** Makes the old version current again. */
  | 'restore'
  /** Removes the pending version. */
  | 'discard'

/** The effect that a rotation waits for; none once it has ended. */
export const nextEffect = (rotation: Rotation): Effect | undefined =>
  rotation.state === 'rolling-back' ? rotation.step : effectAfter(rotation.state)

/** The same for a state, of which a rollback has several. */
export const effectAfter = (state: Exclude<RotationState, 'rolling-back'>): Effect | undefined => effects[state]

const effects = {
  planned: 'check',
  checked: 'create',
  created: 'set',
  set: 'test',
  canary: 'observe',
  tested: 'promote',
  promoted: 'verify',
  verified: 'retire',
  finished: undefined,
  'rolled-back': undefined,
  failed: undefined,
} as const satisfies Record<Exclude<Rotation['state'], 'rolling-back'>, Effect | undefined>
