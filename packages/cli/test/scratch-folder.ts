import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder of a test's own; `remove` takes it away. */
export class ScratchFolder {
  readonly path: string = mkdtempSync(join(tmpdir(), 'keyplane-test-'))

  at(...names: readonly string[]): string {
    return join(this.path, ...names)
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}
