/** A map that forgets what was used least lately. */
export class Remembered<T> {
  readonly #most: number
  readonly #held = new Map<string, T>()

  constructor(most: number) {
    this.#most = most
  }

  get(key: string): T | undefined {
    return this.#held.get(key)
  }

  set(key: string, value: T): void {
    this.#held.delete(key)
    this.#held.set(key, value)
    const [oldest] = this.#held.keys()
    if (this.#held.size > this.#most && oldest !== undefined) this.#held.delete(oldest)
  }

  delete(key: string): void {
    this.#held.delete(key)
  }

  values(): Iterable<T> {
    return this.#held.values()
  }
}
