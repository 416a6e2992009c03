/** Runs acts of one key one after the other, and acts of different keys at once. */
export class SerialQueue {
  readonly #last = new Map<string, Promise<unknown>>()

  async run<T>(key: string, act: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key)
    const mine = before ? before.then(act, act) : act()
    this.#last.set(key, mine)
    try {
      return await mine
    } finally {
      if (this.#last.get(key) === mine) this.#last.delete(key)
    }
  }
}
