import type { Clock, SecretsError } from '@keyplane/core'

export interface Refusal {
  /** Of the credentials. */
  readonly fingerprint: string
  readonly atMs: number
  readonly error: SecretsError
}

/**
 * OpenBao counts an AppRole's refusals until there was none for 15 minutes, however long ago the first of them was.
 * A minute longer, for clocks that differ. @see sys/locked-users
 */
export const forgottenAfterMs = 960_000

/** What is refused is kept under several keys, since clients of one cluster may name its nodes differently. */
export class Refusals {
  readonly #clock: Clock
  readonly #refused = new Map<string, readonly Refusal[]>()
  /** When a wait was last lifted. */
  readonly #lifted = new Map<string, number>()
  readonly #turns = new Map<string, Promise<unknown>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  note(keys: readonly string[], fingerprint: string, error: SecretsError): void {
    const refusal = { fingerprint, atMs: this.#clock.monotonicMs(), error }
    for (const key of this.#refused.keys()) if (this.recent([key]).length === 0) this.#refused.delete(key)
    for (const key of keys) this.#refused.set(key, [...this.recent([key]), refusal])
  }

  /** What counts still: the last 64 at most, oldest first. */
  recent(keys: readonly string[]): readonly Refusal[] {
    const all = new Set(keys.flatMap((key) => this.#refused.get(key) ?? []))
    return this.#counting([...all].sort((a, b) => a.atMs - b.atMs))
  }

  /** Lifts a wait, once in a window; says whether it did. */
  lift(keys: readonly string[]): boolean {
    const nowMs = this.#clock.monotonicMs()
    if (keys.some((key) => nowMs - (this.#lifted.get(key) ?? -Infinity) < forgottenAfterMs)) return false
    for (const key of keys) this.#lifted.set(key, nowMs)
    return true
  }

  forget(keys: readonly string[]): void {
    for (const key of keys) {
      this.#refused.delete(key)
      this.#lifted.delete(key)
    }
  }

  /** One after the other for each key, so that none is begun before the one before it is known to be refused. */
  inTurn<T>(keys: readonly string[], act: () => Promise<T>): Promise<T> {
    const before = keys.flatMap((key) => this.#turns.get(key) ?? [])
    const turn = Promise.allSettled(before).then(act)
    const done = turn.then(
      () => undefined,
      () => undefined,
    )
    for (const key of keys) this.#turns.set(key, done)
    void done.then(() => {
      for (const key of keys) if (this.#turns.get(key) === done) this.#turns.delete(key)
    })
    return turn
  }

  /** Those that came before a long pause are forgotten, and all are after one. */
  #counting(refusals: readonly Refusal[]): readonly Refusal[] {
    const nowMs = this.#clock.monotonicMs()
    const lastForgotten = refusals.findLastIndex(
      ({ atMs }, index) => (refusals[index + 1]?.atMs ?? nowMs) - atMs >= forgottenAfterMs,
    )
    return refusals.slice(lastForgotten + 1).slice(-64)
  }
}

const ofProcess = new WeakMap<Clock, Refusals>()

/** The refusals that this process has met, by whichever client; by clock, since their moments are that clock's. */
export const refusalsOfProcess = (clock: Clock): Refusals => {
  const known = ofProcess.get(clock) ?? new Refusals(clock)
  ofProcess.set(clock, known)
  return known
}
