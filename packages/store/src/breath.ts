import { setImmediate } from 'node:timers/promises'

/** Work that is done in one go; some milliseconds of it. */
const enough = 10_000

/** Lets other calls go on in the middle of long work. */
export class Breath {
  #done = 0

  /** Counts work that was done, in any small unit, and lets others go on when it is enough. */
  async after(work: number): Promise<void> {
    this.#done += work
    if (this.#done >= enough) await this.take()
  }

  async take(): Promise<void> {
    this.#done = 0
    await setImmediate()
  }
}
