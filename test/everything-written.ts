import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { findMarks, type Mark } from './canary-marks.ts'

/** Collects what a system lets out, from wherever it comes, and searches it for marks. */
export class EverythingWritten {
  readonly #places: { readonly where: string; readonly content: Buffer | string }[] = []

  add(where: string, content: Buffer | string): void {
    this.#places.push({ where, content })
  }

  /** An error with its message, stack, causes and members, hidden ones too. */
  addError(where: string, error: unknown): void {
    const shown = inspect(error, { depth: 20, showHidden: true, maxStringLength: null, maxArrayLength: null })
    this.add(where, `${String(error)}\n${shown}\n${JSON.stringify(error) ?? ''}`)
  }

  /** Every file below a folder: names and contents. */
  addFolder(folder: string): void {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name)
      this.add('file name', path)
      if (entry.isFile()) this.add(path, readFileSync(path))
    }
  }

  /** The arguments of every process that runs on this machine. */
  addArguments(): void {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        this.add(`arguments of ${pid}`, readFileSync(`/proc/${pid}/cmdline`))
      } catch {
        // It has ended meanwhile.
      }
    }
  }

  get places(): readonly string[] {
    return this.#places.map(({ where }) => where)
  }

  find(marks: readonly Mark[]): string[] {
    return [...new Set(this.#places.flatMap(({ where, content }) => findMarks(marks, where, content)))]
  }
}
