import type { Clock } from '@keyplane/core'

/** A clock that moved by more than this against the time that went by was set. */
const jumpMs = 60 * 60_000
/** How long the clock is not believed after that. */
const doubtMs = 24 * 60 * 60_000

/**
 * Watches the wall clock: what cannot be undone, as removing a secret whose date has come, must not follow from a clock
 * that somebody has set wrong for a while.
 */
export class ClockWatch {
  readonly #clock: Clock
  #wallMs: number
  #elapsedMs: number
  #doubtedUntilMs = Number.NEGATIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
    this.#wallMs = clock.nowMs()
    this.#elapsedMs = clock.monotonicMs()
  }

  /** Whether the clock has gone as time does, since the last look and for a day of looks before it. */
  isSteady(): boolean {
    const [wallMs, elapsedMs] = [this.#clock.nowMs(), this.#clock.monotonicMs()]
    const movedMs = wallMs - this.#wallMs - (elapsedMs - this.#elapsedMs)
    this.#wallMs = wallMs
    this.#elapsedMs = elapsedMs
    if (Math.abs(movedMs) > jumpMs) this.#doubtedUntilMs = elapsedMs + doubtMs
    return elapsedMs >= this.#doubtedUntilMs
  }
}
