import type { Clock, Timer } from '@keyplane/core'

const everyMs = 10_000

/**
 * Tells of problems: the first of a kind at once, how many more there were every ten seconds, and nothing where there are
 * none. A disk that is full fails thousands of calls in a minute, all for one reason.
 */
export class RepeatedProblems {
  readonly #clock: Clock
  readonly #tell: (problem: string) => void
  /** How many more of each there were since it was last told. */
  readonly #more = new Map<string, number>()
  #timer: Timer | undefined

  constructor(clock: Clock, tell: (problem: string) => void) {
    this.#clock = clock
    this.#tell = tell
  }

  /** `kind`: what makes two problems the same; `problem`: the one at hand. */
  note(kind: string, problem: string): void {
    const more = this.#more.get(kind)
    this.#more.set(kind, more === undefined ? 0 : more + 1)
    if (more !== undefined) return
    this.#tell(problem)
    this.#timer ??= this.#clock.after(everyMs, () => this.#sum())
  }

  /** Tells what is left to tell. */
  close(): void {
    this.#timer?.cancel()
    this.#sum()
    this.#timer?.cancel()
  }

  #sum(): void {
    for (const [kind, more] of this.#more) {
      if (more > 0) this.#tell(`${kind} (${more} more)`)
      if (more > 0) this.#more.set(kind, 0)
      else this.#more.delete(kind)
    }
    this.#timer = this.#more.size > 0 ? this.#clock.after(everyMs, () => this.#sum()) : undefined
  }
}
