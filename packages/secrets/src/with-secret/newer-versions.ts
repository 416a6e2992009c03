import type { Clock, SecretVersion } from '@keyplane/core'
import { sameVersion } from '../same-version.ts'

interface Question {
  readonly sinceMs: number
  /** The version that was refused. */
  readonly refused: SecretVersion
  answer: Promise<SecretVersion>
  askAgainAtMs: number
}

const firstPauseMs = 100
const maxPauseMs = 30_000
const maxRemembered = 1_000

/**
 * What the source has in place of versions that were refused where they are used. All callers share one question, and
 * for the same version the next one is asked at growing distances: a password that is simply wrong makes no storm.
 */
export class NewerVersions {
  readonly #clock: Clock
  readonly #questions = new Map<string, Question>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The answer to `ask`, which is called only if it is time for another question about this version. */
  than(refused: SecretVersion, key: string, ask: () => Promise<SecretVersion>): Promise<SecretVersion> {
    const nowMs = this.#clock.monotonicMs()
    const known = this.#questions.get(key)
    if (!known || !sameVersion(known.refused, refused)) {
      const question = { refused, answer: ask(), sinceMs: nowMs, askAgainAtMs: nowMs + firstPauseMs }
      this.#remember(key, question)
      return question.answer
    }
    if (nowMs < known.askAgainAtMs) return known.answer
    // A rotation is over in seconds: within those there is a question every few hundred milliseconds.
    const pauseMs = Math.max(firstPauseMs, (nowMs - known.sinceMs) / 4)
    known.askAgainAtMs = nowMs + Math.min(maxPauseMs, pauseMs)
    known.answer = ask()
    known.answer.catch(() => {})
    return known.answer
  }

  /** Forgets every answer. */
  clear(): void {
    this.#questions.clear()
  }

  #remember(key: string, question: Question): void {
    // Whoever asked may have left by the time that it fails.
    question.answer.catch(() => {})
    this.#questions.delete(key)
    this.#questions.set(key, question)
    if (this.#questions.size > maxRemembered) this.#questions.delete(this.#questions.keys().next().value as string)
  }
}
