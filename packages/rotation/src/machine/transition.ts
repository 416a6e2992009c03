import { SecretsError } from '@keyplane/core'
import { calm, raised } from './alerts.ts'
import { nextEffect } from './effect.ts'
import { effectOf, type Outcome, type RotationEvent } from './event.ts'
import { type RotationPolicy, waitMs } from './policy.ts'
import {
  type Checked,
  type Created,
  hasEnded,
  type InCanary,
  type Planned,
  type Promoted,
  type RollbackCause,
  type RollingBack,
  type Rotation,
  type SetAtTarget,
  type Tested,
  type Verified,
} from './rotation.ts'
import { afterCanary, tested, watchedUntilMs } from './watched.ts'

/** The pending version that takes a refused one's place has to have an identifier before there is one. */
export interface TransitionParts {
  readonly policy: RotationPolicy
  readonly newVersion: string
}

/**
 * What a rotation is after an event. Pure: the same in, the same out; what is done next is `nextEffect` of the result.
 * @throws SecretsError `internal` for the end of an effect that was not the next one; `unsupported` for a rollback of
 * what can't be taken back any more.
 */
export const transition = (rotation: Rotation, event: RotationEvent, parts: TransitionParts): Rotation => {
  const at = { changedAtMs: event.atMs }
  if (event.kind === 'told')
    return rotation.alert ? { ...rotation, alert: { ...rotation.alert, told: true } } : rotation
  if (event.kind === 'rollback') return takenBack(rotation, event.atMs)
  if (effectOf(event) !== nextEffect(rotation)) throw unexpected(rotation, event)
  if (event.kind === 'failed') return failed(rotation, event, parts.policy)
  // There is no other credential to go back to: a target that says yes and no by turns would be asked without a pause.
  if (rotation.state === 'promoted' && rotation.keptNew && event.kind === 'refused')
    return failed(rotation, { ...onceMore, atMs: event.atMs }, parts.policy)
  return stepped({ ...calm(rotation), ...at }, event, parts)
}

const onceMore = { kind: 'failed', effect: 'verify', code: 'unavailable', reason: 'not_accepted', chance: 1 } as const

const stepped = (
  rotation: Rotation,
  event: Exclude<Outcome, { readonly kind: 'failed' }>,
  parts: TransitionParts,
): Rotation => {
  if (event.kind === 'waiting') return waiting(rotation as InCanary | Verified, event, parts.policy)
  switch (rotation.state) {
    case 'planned':
      return event.kind === 'checked' ? checked(rotation, event) : wrong(rotation, event)
    case 'checked':
      return { ...rotation, state: 'created' }
    case 'created':
      return event.kind === 'refused' ? refused(rotation, 'refused', parts.policy) : { ...rotation, state: 'set' }
    case 'set':
      return event.kind === 'refused' ? refused(rotation, 'not_accepted', parts.policy) : tested(rotation, event.atMs)
    case 'canary':
      return event.kind === 'refused'
        ? rollingBack(rotation, { cause: 'canary' })
        : { ...afterCanary(rotation), state: 'tested' }
    case 'tested':
      if (event.kind === 'refused') return rollingBack(rotation, { cause: 'canary' })
      return event.kind === 'overtaken'
        ? rollingBack(rotation, { cause: 'overtaken', step: 'discard' })
        : { ...rotation, state: 'promoted' }
    case 'promoted':
      return event.kind === 'refused'
        ? rollingBack(rotation, { cause: 'not_verified' })
        : { ...rotation, state: 'verified', verifiedAtMs: event.atMs, retireAtMs: event.atMs + parts.policy.graceMs }
    case 'verified':
      return retired(rotation, event)
    case 'rolling-back':
      return steppedBack(rotation, event, parts)
    default:
      return wrong(rotation, event)
  }
}

const waiting = (
  rotation: InCanary | Verified,
  { atMs, untilMs }: Extract<Outcome, { readonly kind: 'waiting' }>,
  { giveUpAfterMs }: RotationPolicy,
): Rotation => {
  if (rotation.state === 'verified') return { ...rotation, lookAtMs: untilMs }
  // Its time begins anew where nobody watched: it must not go on so for ever, and nobody be told.
  if (atMs - rotation.canaryAtMs >= rotation.canary.observeMs + giveUpAfterMs)
    return rollingBack(rotation, { cause: 'given_up' })
  return { ...rotation, promoteAtMs: watchedUntilMs(rotation, atMs), lookAtMs: untilMs }
}

const retired = (rotation: Verified, event: Exclude<Outcome, { readonly kind: 'failed' }>): Rotation => {
  const laggards = event.kind === 'done' ? (event.laggards ?? []) : []
  const next =
    laggards.length > 0 ? { ...rotation, ...raised(rotation, 'unacknowledged', event.atMs, laggards) } : rotation
  return finished(next, event.atMs)
}

const finished = (rotation: Verified, endedAtMs: number): Rotation => {
  const { verifiedAtMs: _, retireAtMs: __, lookAtMs: ___, ...facts } = rotation
  return { ...facts, state: 'finished', endedAtMs }
}

const checked = (
  rotation: Planned,
  { atMs, currentVersion, accepted, repairs }: Extract<Outcome, { readonly kind: 'checked' }>,
): Rotation => {
  const next: Checked = { ...rotation, state: 'checked', currentVersion }
  if (accepted) return next
  if (repairs) return { ...next, ...raised(next, 'changed_behind', atMs) }
  return ended({ ...next, ...raised(next, 'no_valid_credential', atMs) }, atMs)
}

/** The target said a certain no to the pending version: another one is made, as often as the policy says. */
const refused = (rotation: Created | SetAtTarget, cause: RollbackCause, policy: RotationPolicy): Rotation => {
  const tried = rotation.replaced + 1
  return rollingBack(rotation, { cause, afterwards: tried < policy.pendingVersions ? 'replace' : 'end' })
}

type BeforeTheEnd = Checked | Created | SetAtTarget | InCanary | Tested | Promoted

const rollingBack = (
  rotation: BeforeTheEnd,
  {
    cause,
    step = 'revert',
    afterwards = 'end',
  }: Pick<RollingBack, 'cause'> & Partial<Pick<RollingBack, 'step' | 'afterwards'>>,
): RollingBack => {
  const facts = rotation.state === 'canary' ? afterCanary(rotation) : rotation
  return { ...facts, state: 'rolling-back', step, cause, afterwards }
}

const steppedBack = (
  rotation: RollingBack,
  event: Exclude<Outcome, { readonly kind: 'failed' }>,
  { newVersion }: TransitionParts,
): Rotation => {
  const { step, cause, afterwards, ...facts } = rotation
  if (event.kind === 'irreversible') return irreversible(rotation, event)
  if (step === 'revert') return { ...rotation, step: 'restore' }
  if (step === 'restore') return { ...rotation, step: 'discard' }
  if (afterwards === 'replace')
    return { ...facts, state: 'checked', pendingVersion: newVersion, replaced: rotation.replaced + 1 }
  const { currentVersion: _, ...rest } = facts
  return { ...rest, ...raised(rest, 'rolled_back', event.atMs), state: 'rolled-back', cause, endedAtMs: event.atMs }
}

/** The old credential is lost at the target: the new one is kept if it is the one that logs in, else nothing is touched. */
const irreversible = (
  rotation: RollingBack,
  { atMs, newAccepted }: Extract<Outcome, { readonly kind: 'irreversible' }>,
): Rotation => {
  // Whom it is refused to does not matter any more: there is no other one.
  const { step: _, cause: __, afterwards: ___, canary: ____, ...facts } = rotation
  if (newAccepted) return { ...facts, ...raised(facts, 'kept_new', atMs), keptNew: true, state: 'tested' }
  return ended({ ...facts, ...raised(facts, 'no_valid_credential', atMs) }, atMs)
}

const ended = (rotation: Omit<Checked, 'state'>, endedAtMs: number): Rotation => ({
  ...rotation,
  state: 'failed',
  cause: 'no_valid_credential',
  endedAtMs,
})

/** Steps that are given up after a while: it is not written that readers get the new credential. */
const mayBeGivenUp: ReadonlySet<Rotation['state']> = new Set([
  'planned',
  'checked',
  'created',
  'set',
  'canary',
  'tested',
])

const failed = (
  rotation: Rotation,
  { atMs, code, reason, chance }: Extract<RotationEvent, { readonly kind: 'failed' }>,
  policy: RotationPolicy,
): Rotation => {
  const { retry: before } = rotation
  const failures = (before?.failures ?? 0) + 1
  const sinceMs = Math.min(before?.sinceMs ?? atMs, atMs)
  const next: Rotation = {
    ...rotation,
    changedAtMs: atMs,
    retry: {
      failures,
      sinceMs,
      notBeforeMs: atMs + Math.round(waitMs(failures, chance, policy)),
      code,
      ...(reason !== undefined && { reason }),
    },
    ...(failures >= policy.breakerFailures && raised(rotation, 'failing', atMs)),
  }
  if (atMs - sinceMs < policy.giveUpAfterMs) return next
  if (next.state === 'verified') return notRetired(next, atMs)
  return mayBeGivenUp.has(next.state) ? givenUp(next, atMs) : next
}

/** What readers get is accepted; that the old credential may be too must not hold up the next rotation. */
const notRetired = (rotation: Verified, atMs: number): Rotation => {
  const { retry: _, ...calmed } = rotation
  return finished({ ...calmed, ...raised(calmed, 'not_retired', atMs) }, atMs)
}

const givenUp = (rotation: Rotation, atMs: number): Rotation => {
  const { retry: _, ...calmed } = rotation
  return backFrom(calmed as Rotation, 'given_up', atMs)
}

/** A rollback that somebody asked for. */
const takenBack = (rotation: Rotation, atMs: number): Rotation => {
  if (rotation.state === 'rolling-back')
    return rotation.afterwards === 'end' ? rotation : { ...rotation, afterwards: 'end' }
  if (rotation.state === 'verified' || hasEnded(rotation))
    throw new SecretsError('unsupported', `The rotation is ${rotation.state}: it can't be taken back any more.`, {
      reason: 'rotation_ended',
    })
  const { retry: _, ...calmed } = rotation
  return backFrom(calmed as Rotation, 'requested', atMs)
}

/** Nothing reaches the target before it was checked. */
const backFrom = (rotation: Rotation, cause: RollbackCause, atMs: number): Rotation => {
  const at = { ...rotation, changedAtMs: atMs }
  if (at.state === 'planned')
    return { ...at, ...raised(at, 'rolled_back', atMs), state: 'rolled-back', cause, endedAtMs: atMs }
  return isBeforeTheEnd(at) ? rollingBack(at, { cause }) : at
}

const isBeforeTheEnd = (rotation: Rotation): rotation is BeforeTheEnd =>
  ['checked', 'created', 'set', 'canary', 'tested', 'promoted'].includes(rotation.state)

const unexpected = (rotation: Rotation, event: RotationEvent): SecretsError =>
  new SecretsError('internal', `A rotation that is ${rotation.state} can't go on by the event "${event.kind}".`)

const wrong = (rotation: Rotation, event: RotationEvent): never => {
  throw unexpected(rotation, event)
}
