import { appendFileSync, renameSync, statSync } from 'node:fs'

/** A file of lines for its owner alone, of a size at most; what came before it is in one more file, `….1`. */
export class BoundedLog {
  readonly #path: string
  readonly #maxBytes: number
  #bytes: number | undefined

  constructor(path: string, maxBytes: number) {
    this.#path = path
    this.#maxBytes = maxBytes
  }

  /** A full disk loses lines, and ends nothing. */
  append(line: string): void {
    const bytes = Buffer.byteLength(line) + 1
    try {
      this.#bytes ??= statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0
      if (this.#bytes > 0 && this.#bytes + bytes > this.#maxBytes) {
        renameSync(this.#path, `${this.#path}.1`)
        this.#bytes = 0
      }
      appendFileSync(this.#path, `${line}\n`, { mode: 0o600 })
      this.#bytes += bytes
    } catch {
      // What is in the file is not known any more.
      this.#bytes = undefined
    }
  }
}
