import type { LoginRefusal } from './refusal-ledger.ts'

/**
 * OpenBao counts an AppRole's refusals until there was none for 15 minutes, however long ago the first of them was.
 * A minute longer, for clocks that differ. @see sys/locked-users
 */
export const forgottenAfterMs = 960_000

/** OpenBao: the fifth refused login locks an AppRole, for all who use it, for 15 minutes. */
const maxRefusals = 4

/** A login with all that it may ask is over by then. Whoever has not said how it ended is gone: it may have been refused. */
export const pendingMs = 10_000

export interface WantedLogin {
  readonly fingerprint: string
  /** In epoch milliseconds. */
  readonly nowMs: number
  /** Refusals lock the role. */
  readonly isLocking: boolean
  /** Somebody asked for it to be tried at once. */
  readonly mayLift: boolean
}

export type LoginVerdict =
  /** `isLifted`: before its time, which is granted once. */
  | { readonly kind: 'go'; readonly isLifted: boolean }
  /** How another login ends, which has begun, decides. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'held'; readonly waitMs: number; readonly refusal: LoginRefusal }

/** Whether a login may be tried, by the refusals that count for it: at its places, oldest first. */
export const mayLogIn = (counting: readonly LoginRefusal[], wanted: WantedLogin): LoginVerdict => {
  const { fingerprint, nowMs, isLocking, mayLift } = wanted
  const underway = counting.filter((refusal) => isUnderway(refusal, nowMs))
  const refused = counting.filter((refusal) => !underway.includes(refusal))
  // That nobody knows how a login ended says nothing against the credentials.
  const same = refused.filter((refusal) => refusal.fingerprint === fingerprint && refusal.end === 'refused')
  const refusal = same.at(-1) ?? refused.at(-1)
  const isSpent = isLocking && refused.length >= maxRefusals
  const forgottenMs = (refused.at(-1)?.atMs ?? nowMs) + forgottenAfterMs - nowMs
  const waitMs = isSpent ? forgottenMs : isLocking ? lockingWaitMs(same, forgottenMs, nowMs) : otherWaitMs(same, nowMs)
  const isLifted = waitMs > 0
  const canLift = mayLift && !isSpent && !refused.some((each) => each.isLifted)
  if (refusal && isLifted && !canLift) return { kind: 'held', waitMs, refusal }
  const decides = counting.length >= maxRefusals || underway.some((other) => other.fingerprint === fingerprint)
  return isLocking && underway.length > 0 && decides ? { kind: 'wait' } : { kind: 'go', isLifted }
}

/** Refusals that count still: those before a long pause are forgotten, and all are after one. 64 at most, oldest first. */
export const countingOf = (refusals: readonly LoginRefusal[], nowMs: number): readonly LoginRefusal[] => {
  const inOrder = refusals.toSorted((a, b) => a.atMs - b.atMs)
  const lastForgotten = inOrder.findLastIndex(
    ({ atMs }, index) => (inOrder[index + 1]?.atMs ?? nowMs) - atMs >= forgottenAfterMs,
  )
  return inOrder.slice(lastForgotten + 1).slice(-64)
}

/** It has begun a moment ago, by whoever's clock, and may be refused yet. */
export const isUnderway = ({ end, atMs }: LoginRefusal, nowMs: number): boolean =>
  end === undefined && Math.abs(nowMs - atMs) < pendingMs

/** Twice until OpenBao has forgotten it, at least a minute apart. */
const lockingWaitMs = (same: readonly LoginRefusal[], forgottenMs: number, nowMs: number): number => {
  const last = same.at(-1)
  if (!last) return 0
  return same.length > 1 ? forgottenMs : last.atMs + 60_000 - nowMs
}

/** 5 s, doubling up to a minute. */
const otherWaitMs = (same: readonly LoginRefusal[], nowMs: number): number => {
  const last = same.at(-1)
  return last ? last.atMs + Math.min(5_000 * 2 ** (same.length - 1), 60_000) - nowMs : 0
}
