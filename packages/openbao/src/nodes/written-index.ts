import type { Clock } from '@keyplane/core'

/** Standbys lag by tenths of a second. One that is this far behind is broken, and is not waited for. */
const holdMs = 60_000

/**
 * The state that this client's last write led to. Reads carry it, so that a standby that has not got as far passes them
 * to the leader instead of answering with what was before.
 */
export class WrittenIndex {
  readonly #clock: Clock
  #last: { readonly index: string; readonly atMs: number } | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  note(index: string | undefined): void {
    if (index !== undefined && /^[\x21-\x7e]{1,4096}$/.test(index))
      this.#last = { index, atMs: this.#clock.monotonicMs() }
  }

  headers(): Readonly<Record<string, string>> {
    if (this.#last && this.#clock.monotonicMs() - this.#last.atMs > holdMs) this.#last = undefined
    return this.#last ? { 'x-vault-index': this.#last.index, 'x-vault-inconsistent': 'forward-active-node' } : {}
  }
}
