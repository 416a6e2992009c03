import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A disk of our own takes a mount, and that takes root. */
export const isRoot = process.getuid?.() === 0

/** A disk of a few megabytes, with room that can be taken and given back. */
export class SmallDisk {
  readonly path: string = mkdtempSync(join(tmpdir(), 'small-disk-'))
  readonly #bytes: number
  readonly #ballast = join(this.path, 'ballast')

  constructor(megabytes: number) {
    this.#bytes = megabytes * 1_048_576
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'none', this.path])
    chmodSync(this.path, 0o755)
  }

  fill(): void {
    for (let size = this.#bytes; size >= 4_096; size = Math.floor(size / 2))
      try {
        writeFileSync(this.#ballast, Buffer.alloc(size), { flag: 'a' })
      } catch {
        // No room for as much.
      }
  }

  empty(): void {
    rmSync(this.#ballast)
  }

  remove(): void {
    execFileSync('umount', ['-l', this.path])
    rmSync(this.path, { recursive: true })
  }
}
