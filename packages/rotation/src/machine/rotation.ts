import type { Consumer, ErrorCode } from '@keyplane/core'

/** Failures in a row of the step that is next. */
export interface Retry {
  /** From 1. */
  readonly failures: number
  readonly sinceMs: number
  /** Not tried again before. */
  readonly notBeforeMs: number
  readonly code: ErrorCode
  readonly reason?: string
}

/** Why somebody is told. */
export type AlertKind =
  /** The breaker opened: the step failed so often that it is tried rarely from here on. */
  | 'failing'
  /** The current credential was no longer accepted before anything was done: somebody changed it. */
  | 'changed_behind'
  /** The rotation was taken back; the credential is what it was. */
  | 'rolled_back'
  /** It could not be taken back; the new credential stays, because it is the one that is accepted. */
  | 'kept_new'
  /** The new credential is current; the old one could not be taken from the target, and may be accepted there still. */
  | 'not_retired'
  /** The old credential was retired, since the grace period was over, while consumers that are named still had it. */
  | 'unacknowledged'
  /** No stored credential is accepted, and this rotator cannot repair that. */
  | 'no_valid_credential'

/** One alert for one episode: told once, whatever fails again before a step succeeds. */
export interface Alert {
  readonly kind: AlertKind
  readonly raisedAtMs: number
  /** Whether it was handed over. A crash in between hands it over again, under the same identity. */
  readonly told: boolean
  /** `unacknowledged`: who had the old credential, the first hundred. */
  readonly laggards?: readonly Consumer[]
}

/** How some consumers try a new version before all get it. */
export interface Canary {
  /** How many of a hundred consumers, above 0; which ones follows from their ids and the rotation's. */
  readonly percent: number
  /** How long, until the version is promoted. */
  readonly observeMs: number
  /** Authentication errors with the new version that they may report; one more, and it is taken back. */
  readonly maxRefusals: number
}

/** Why a rotation is taken back, or was. */
export type RollbackCause =
  | 'refused'
  | 'not_accepted'
  | 'canary'
  | 'not_verified'
  | 'given_up'
  | 'overtaken'
  | 'requested'

interface Facts {
  /** Of this record's form. */
  readonly schema: 1
  readonly secretId: string
  readonly rotationId: string
  /** The name of the rotator that does it. */
  readonly rotator: string
  readonly startedAtMs: number
  readonly changedAtMs: number
  /** The identifier of the version to come, fixed before there is one. */
  readonly pendingVersion: string
  /** Pending versions before this one that the target refused. */
  readonly replaced: number
  /** It could not be taken back: the old credential is not accepted any more. */
  readonly keptNew?: true
  readonly canary?: Canary
  readonly retry?: Retry
  readonly alert?: Alert
}

interface WithCurrent extends Facts {
  /** The version that was current when it began: what a rollback goes back to. */
  readonly currentVersion: string
}

/** Nothing was done. */
export interface Planned extends Facts {
  readonly state: 'planned'
}
/** The current credential was looked at; there may be a pending version. */
export interface Checked extends WithCurrent {
  readonly state: 'checked'
}
/** The new credential is stored as pending; the target may have it. */
export interface Created extends WithCurrent {
  readonly state: 'created'
}
/** The target has taken the new credential. */
export interface SetAtTarget extends WithCurrent {
  readonly state: 'set'
}
/** The target has accepted a login with the new credential; some consumers are given it. */
export interface InCanary extends WithCurrent {
  readonly state: 'canary'
  readonly canary: Canary
  readonly canaryAtMs: number
  readonly promoteAtMs: number
  /** Looked at before; next at that moment. */
  readonly lookAtMs?: number
}
/** The target has accepted a login with the new credential; it may be current. */
export interface Tested extends WithCurrent {
  readonly state: 'tested'
}
/** The new credential is current, the old one previous. */
export interface Promoted extends WithCurrent {
  readonly state: 'promoted'
}
/** What readers get is accepted by the target; the old credential may be retired there. */
export interface Verified extends WithCurrent {
  readonly state: 'verified'
  readonly verifiedAtMs: number
  /** Before this the old credential is left as it is, unless all its consumers have acknowledged the new one. */
  readonly retireAtMs: number
  /** Looked at before; next at that moment. */
  readonly lookAtMs?: number
}
/** Done. */
export interface Finished extends WithCurrent {
  readonly state: 'finished'
  readonly endedAtMs: number
}
/** Being taken back, in this order: at the target, in the labels, then the pending version goes. */
export interface RollingBack extends WithCurrent {
  readonly state: 'rolling-back'
  readonly step: 'revert' | 'restore' | 'discard'
  readonly cause: RollbackCause
  /** `replace`: another pending version is tried after it. */
  readonly afterwards: 'end' | 'replace'
}
/** Taken back: the credential is what it was before. */
export interface RolledBack extends Facts {
  readonly state: 'rolled-back'
  readonly cause: RollbackCause
  readonly endedAtMs: number
}
/** Ended where a person has to look: nothing was thrown away. */
export interface Failed extends Facts {
  readonly state: 'failed'
  readonly currentVersion?: string
  readonly cause: 'no_valid_credential'
  readonly endedAtMs: number
}

/** How far one rotation of one secret has come: the one durable record of it. It holds version ids and facts, never a value. */
export type Rotation =
  | Planned
  | Checked
  | Created
  | SetAtTarget
  | InCanary
  | Tested
  | Promoted
  | Verified
  | Finished
  | RollingBack
  | RolledBack
  | Failed

export type RotationState = Rotation['state']

/** A rotation that has ended; the next one may begin. */
export type EndedRotation = Finished | RolledBack | Failed

export const isEndState = (state: RotationState): state is EndedRotation['state'] =>
  state === 'finished' || state === 'rolled-back' || state === 'failed'

export const hasEnded = (rotation: Rotation): rotation is EndedRotation => isEndState(rotation.state)

/** Whether something is still to be done for it: a step, or the handing over of an alert. */
export const isOpen = (rotation: Rotation): boolean => !hasEnded(rotation) || rotation.alert?.told === false

/** A step is more urgent than an alert that nobody takes, which must not hold up others. */
export const urgencyOf = (rotation: Rotation): 0 | 1 | 2 => (hasEnded(rotation) ? (isOpen(rotation) ? 1 : 0) : 2)

/** The moment before which nothing is done for it; 0 where nothing is waited for. */
export const dueAtMs = (rotation: Rotation): number =>
  rotation.retry?.notBeforeMs ?? ('lookAtMs' in rotation ? (rotation.lookAtMs ?? 0) : 0)

const hourMs = 3_600_000

/** The same at a moment, if it is to be waited for yet: what a clock noted that was hours ahead is not. */
export const waitsUntilMs = (rotation: Rotation, nowMs: number): number | undefined => {
  const untilMs = dueAtMs(rotation)
  return untilMs > nowMs && rotation.changedAtMs <= nowMs + hourMs ? untilMs : undefined
}
