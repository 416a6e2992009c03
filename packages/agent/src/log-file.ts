import { closeSync, existsSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

export interface LogFileOptions {
  /** A file is ended before it grows past this. Default 10 MB, as the AWS agent's. */
  readonly maxBytes?: number
  /** The live file and the older ones (`.1` is the youngest) together. Default 5. */
  readonly files?: number
  /** Who may read a file that is made. Default 0o640: its owner and his group. */
  readonly mode?: number
}

/** A log file that never grows past its bound: when full it becomes `.1`, `.1` becomes `.2`, and the oldest goes. */
export class LogFile {
  readonly #path: string
  readonly #maxBytes: number
  readonly #files: number
  readonly #mode: number
  #descriptor: number
  #bytes: number
  /** Lines that could not be written, a full disk say. A log that fails must not take the agent with it. */
  lost = 0

  /** @throws what the file system says, where the file can't be opened. */
  constructor(path: string, { maxBytes = 10_000_000, files = 5, mode = 0o640 }: LogFileOptions = {}) {
    this.#path = path
    this.#maxBytes = maxBytes
    this.#files = files
    this.#mode = mode
    mkdirSync(dirname(path), { recursive: true })
    this.#descriptor = openSync(path, 'a', mode)
    this.#bytes = fstatSync(this.#descriptor).size
  }

  write(line: string): void {
    try {
      const bytes = Buffer.from(line)
      if (this.#bytes > 0 && this.#bytes + bytes.length > this.#maxBytes) this.#roll()
      this.#bytes += writeSync(this.#descriptor, bytes)
    } catch {
      this.lost += 1
    }
  }

  /** What is written after it is lost: the number may be another file's by then. */
  close(): void {
    closeSync(this.#descriptor)
    this.#descriptor = -1
  }

  /** The full file stays open until its successor is: a number that was given back may be a caller's connection next. */
  #roll(): void {
    mkdirSync(dirname(this.#path), { recursive: true })
    const next = `${this.#path}.next`
    const descriptor = openSync(next, 'a', this.#mode)
    try {
      const older = (age: number): string => (age === 0 ? this.#path : `${this.#path}.${age}`)
      rmSync(older(this.#files - 1), { force: true })
      for (let age = this.#files - 2; age >= 0; age -= 1)
        if (existsSync(older(age))) renameSync(older(age), older(age + 1))
      renameSync(next, this.#path)
    } catch (error) {
      closeSync(descriptor)
      throw error
    }
    const full = this.#descriptor
    this.#descriptor = descriptor
    this.#bytes = 0
    closeSync(full)
  }
}
