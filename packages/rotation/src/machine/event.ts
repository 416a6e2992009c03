import type { Consumer, ErrorCode } from '@keyplane/core'
import type { Effect } from './effect.ts'

interface Happened {
  readonly atMs: number
}

/** How an effect ended, or what somebody wants. */
export type RotationEvent =
  /** The current version, and whether the target accepts its credential. */
  | (Happened & {
      readonly kind: 'checked'
      readonly currentVersion: string
      readonly accepted: boolean
      /** The rotator can set a credential without the current one. */
      readonly repairs: boolean
    })
  | (Happened & {
      readonly kind: 'done'
      readonly effect: Exclude<Effect, 'check'>
      /** `retire`: who had not acknowledged the new version when the grace period was over. */
      readonly laggards?: readonly Consumer[]
    })
  /**
   * A certain no, which left everything as it was: `set` and `test` of the new credential, `observe` by the consumers that
   * have it first, and `promote` by them too, `verify` of what is current.
   */
  | (Happened & { readonly kind: 'refused'; readonly effect: 'set' | 'test' | 'observe' | 'promote' | 'verify' })
  /** Nothing was done: it is not the time yet. */
  | (Happened & { readonly kind: 'waiting'; readonly effect: 'observe' | 'retire'; readonly untilMs: number })
  /** The target can't be made to accept the old credential; whether it accepts the new one. */
  | (Happened & { readonly kind: 'irreversible'; readonly newAccepted: boolean })
  /** Somebody else made another version current, and the target accepts that one. */
  | (Happened & { readonly kind: 'overtaken' })
  /** Whether it happened is not known, or it could not be tried. */
  | (Happened & {
      readonly kind: 'failed'
      readonly effect: Effect
      readonly code: ErrorCode
      readonly reason?: string
      /** Uniform in [0, 1): the jitter of the wait. */
      readonly chance: number
    })
  /** Somebody wants it taken back. */
  | (Happened & { readonly kind: 'rollback' })
  /** The alert was handed over. */
  | (Happened & { readonly kind: 'told' })

/** An event of an effect's own. */
export type Outcome = Exclude<RotationEvent, { readonly kind: 'rollback' | 'told' }>

/** The effect that an event is the end of. */
export const effectOf = (event: Outcome): Effect => {
  if (event.kind === 'checked') return 'check'
  if (event.kind === 'irreversible') return 'revert'
  return event.kind === 'overtaken' ? 'promote' : event.effect
}

/** How a step ended, in a word: `refused` where the target, or the rotator, gave a certain no. */
export type StepOutcome = 'done' | 'refused' | 'overtaken' | 'failed'

export const stepOutcome = (event: Exclude<Outcome, { readonly kind: 'waiting' }>): StepOutcome => {
  if (event.kind === 'checked') return event.accepted ? 'done' : 'refused'
  return event.kind === 'irreversible' ? 'refused' : event.kind
}
