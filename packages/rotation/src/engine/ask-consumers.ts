import { type Consumer, SecretsError } from '@keyplane/core'
import type { Outcome } from '../machine/event.ts'
import type { Rotation } from '../machine/rotation.ts'
import { watchedUntilMs } from '../machine/watched.ts'
import { acknowledgement } from '../receipts/acknowledgement.ts'
import { canaryRefusals, unheard } from '../receipts/canary.ts'
import type { EffectParts } from './effect-parts.ts'

type Waiting = Extract<Outcome, { readonly kind: 'waiting' }>

const maxNamed = 100

/** Whether the consumers that have the new version first are refused it more often than they may be. */
export const faresBadly = async (rotation: Rotation, { receipts }: Pick<EffectParts, 'receipts'>): Promise<boolean> => {
  if (!rotation.canary) return false
  // Nobody tells any more: whether it fares well is not known.
  if (!receipts) throw unheard()
  return canaryRefusals(rotation, await receipts.of(rotation.secretId)) > rotation.canary.maxRefusals
}

/** How the new version fares with the consumers that have it first. */
export const observe = async (
  rotation: Rotation,
  parts: EffectParts,
): Promise<Extract<Outcome, { readonly kind: 'done' | 'refused' }> | Waiting> => {
  const { nowMs, policy } = parts
  const isRefused = await faresBadly(rotation, parts)
  const atMs = nowMs()
  if (isRefused) return { kind: 'refused', effect: 'observe', atMs }
  const promoteAtMs = watchedUntilMs(inState(rotation, 'canary'), atMs)
  if (atMs >= promoteAtMs) return { kind: 'done', effect: 'observe', atMs }
  return { kind: 'waiting', effect: 'observe', atMs, untilMs: Math.min(promoteAtMs, atMs + policy.lookEveryMs) }
}

/**
 * Whether the old credential may go: its consumers have acknowledged the new version, or the grace period is over; then
 * who has not. Where no consumer was heard of, that says nothing of those who do not report: the period is waited out.
 */
export const acknowledgedBy = async (
  rotation: Rotation,
  { receipts, nowMs, policy }: EffectParts,
): Promise<Waiting | { readonly laggards?: readonly Consumer[] }> => {
  const { currentVersion, verifiedAtMs, retireAtMs } = inState(rotation, 'verified')
  const isWaitedFor = retireAtMs > verifiedAtMs
  const known = receipts && isWaitedFor ? await receipts.of(rotation.secretId) : []
  const atMs = nowMs()
  const { isHeard, laggards } = acknowledgement(known, { oldVersion: currentVersion, sinceMs: verifiedAtMs })
  if (atMs >= retireAtMs) return laggards.length > 0 ? { laggards: laggards.slice(0, maxNamed) } : {}
  // Receipts of the last moment with the old version are still on their way at first.
  if (isHeard && laggards.length === 0 && atMs >= verifiedAtMs + policy.lookEveryMs) return {}
  const untilMs = receipts ? Math.min(retireAtMs, atMs + policy.lookEveryMs) : retireAtMs
  return { kind: 'waiting', effect: 'retire', atMs, untilMs }
}

const inState = <State extends Rotation['state']>(
  rotation: Rotation,
  state: State,
): Extract<Rotation, { readonly state: State }> => {
  if (rotation.state === state) return rotation as Extract<Rotation, { readonly state: State }>
  throw new SecretsError('internal', `Consumers are asked of a rotation that is ${rotation.state}.`)
}
