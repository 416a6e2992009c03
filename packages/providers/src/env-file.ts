import { type BigIntStats, closeSync, constants, fstatSync, openSync, readFileSync, statSync } from 'node:fs'
import { type Clock, SecretsError } from '@keyplane/core'
import { parseDotenv } from './dotenv.ts'
import { fileFailure, systemCode } from './file-failure.ts'

/** A line of a dotenv file that is no entry. */
export interface MalformedLine {
  readonly file: string
  /** Counts from 1. */
  readonly line: number
}

interface Parsed {
  readonly stamp: string
  readonly entries: ReadonlyMap<string, string>
}

const maxFileBytes = 1_048_576
// Without O_NONBLOCK, opening a named pipe would wait for its writer.
const readFlags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const none: ReadonlyMap<string, string> = new Map()
const noFile = 'is no regular file, but a pipe, a socket or a device'
/** File systems stamp changes by the kernel's tick: a younger file may change again and keep its stamp. */
const settledAfterMs = 100

/** One dotenv file, parsed again whenever it is another than it was. */
export class EnvFile {
  readonly #path: string
  readonly #clock: Clock
  readonly #onMalformed: (report: MalformedLine) => void
  #parsed: Parsed | undefined
  #reported = ''

  constructor(path: string, clock: Clock, onMalformed: (report: MalformedLine) => void) {
    this.#path = path
    this.#clock = clock
    this.#onMalformed = onMalformed
  }

  /**
   * The file's entries as it is at this moment; none if there is no such file. It waits for the disk: a look at a local
   * file takes microseconds, by way of the thread pool a hundred.
   */
  entries(): ReadonlyMap<string, string> {
    try {
      const state = statSync(this.#path, { bigint: true, throwIfNoEntry: false })
      return state ? this.#entriesAt(state) : this.#absent()
    } catch (thrown) {
      this.#parsed = undefined
      const code = systemCode(thrown)
      if (code === 'ENOENT' || code === 'ENOTDIR') return none
      // A socket cannot be opened.
      throw code === 'ENXIO' ? this.#misconfigured(noFile) : fileFailure(thrown, this.#path, 'env')
    }
  }

  /** Drops what was parsed. */
  forget(): void {
    this.#parsed = undefined
  }

  #entriesAt(state: BigIntStats): ReadonlyMap<string, string> {
    const { mtimeNs, ctimeNs, size, ino, dev, mtimeMs } = state
    const stamp = [mtimeNs, ctimeNs, size, ino, dev].join(' ')
    if (this.#parsed?.stamp === stamp) return this.#parsed.entries
    this.#parsed = undefined
    this.#checkKind(state)
    if (size > maxFileBytes) throw this.#misconfigured('is larger than 1 MiB')
    const nowMs = this.#clock.nowMs()
    const entries = this.#parse(this.#textOf(this.#read()), stamp)
    if (nowMs - Number(mtimeMs) > settledAfterMs) this.#parsed = { stamp, entries }
    return entries
  }

  #checkKind(state: { isDirectory(): boolean; isFile(): boolean }): void {
    if (state.isDirectory()) throw this.#misconfigured('is a folder')
    if (!state.isFile()) throw this.#misconfigured(noFile)
  }

  /** The path may lead to something else by the time it is opened. */
  #read(): Uint8Array {
    const file = openSync(this.#path, readFlags)
    try {
      this.#checkKind(fstatSync(file))
      return readFileSync(file)
    } finally {
      closeSync(file)
    }
  }

  #textOf(bytes: Uint8Array): string {
    try {
      return strictUtf8.decode(bytes)
    } catch {
      throw this.#misconfigured('is no UTF-8 text; save it as UTF-8')
    }
  }

  #absent(): ReadonlyMap<string, string> {
    this.#parsed = undefined
    return none
  }

  #parse(text: string, stamp: string): ReadonlyMap<string, string> {
    const { entries, malformed } = parseDotenv(text)
    if (this.#reported !== stamp) for (const { line } of malformed) this.#onMalformed({ file: this.#path, line })
    this.#reported = stamp
    return entries
  }

  #misconfigured(what: string): SecretsError {
    return new SecretsError('source_misconfigured', `${JSON.stringify(this.#path)} ${what}.`, { source: 'env' })
  }
}
