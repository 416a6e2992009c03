/**
 * Passes a log's lines on, those before `release` only then: whoever starts the agent reads from its first line on stdout
 * that it listens, and where.
 */
export class HeldLines {
  readonly #out: (text: string) => void
  #held: string[] | undefined = []

  constructor(out: (text: string) => void) {
    this.#out = out
  }

  write(line: string): void {
    if (this.#held) this.#held.push(line)
    else this.#out(line)
  }

  release(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const line of held) this.#out(line)
  }
}
