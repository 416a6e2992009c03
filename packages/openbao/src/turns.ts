/** One after the other for each key. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>()

  /** Acts once all that came before it with this key is over, however that ended. */
  inTurn<T>(key: string, act: () => Promise<T>): Promise<T> {
    const turn = (this.#last.get(key) ?? Promise.resolve()).then(act)
    const done = turn
      .catch(() => undefined)
      .then(() => {
        if (this.#last.get(key) === done) this.#last.delete(key)
      })
    this.#last.set(key, done)
    return turn
  }
}
