import type { Clock } from '@keyplane/core'

interface Refused {
  readonly version: string | undefined
  askAgainAtMs: number
  pauseMs: number
}

const firstPauseMs = 100
const maxPauseMs = 30_000
const maxRemembered = 1_000

/**
 * Which versions were refused where they are used, so that a password that is simply wrong does not become a storm of
 * questions: for the same version of a secret the source is asked at growing distances, by all callers together.
 */
export class RefusedVersions {
  readonly #clock: Clock
  readonly #byKey = new Map<string, Refused>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether it is time to ask whether there is a newer one; if so, the next time is later. */
  mayAsk(key: string, version: string | undefined): boolean {
    const nowMs = this.#clock.monotonicMs()
    const known = this.#byKey.get(key)
    if (!known || known.version !== version) {
      this.#byKey.delete(key)
      this.#byKey.set(key, { version, askAgainAtMs: nowMs + firstPauseMs, pauseMs: firstPauseMs })
      if (this.#byKey.size > maxRemembered) this.#byKey.delete(this.#byKey.keys().next().value as string)
      return true
    }
    if (nowMs < known.askAgainAtMs) return false
    known.pauseMs = Math.min(maxPauseMs, known.pauseMs * 2)
    known.askAgainAtMs = nowMs + known.pauseMs
    return true
  }
}
