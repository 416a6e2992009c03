import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { SecretValue } from '@keyplane/core'
import type { Canary } from '@keyplane/rotation'
import { FileVersions } from './file-versions.ts'
import type { Kind } from './rotated-user.ts'

/** What the program that rotates has to know. */
export interface KilledTarget {
  readonly kind: Kind
  /** The administrator's login. */
  readonly admin: string
  readonly canary?: Canary
}

const program = fileURLToPath(new URL('./rotate-forever.ts', import.meta.url))

export const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** A secret in a folder of its own, and processes that rotate it again and again until they are killed. */
export class KilledRotation {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'rotation-kills-'))
  readonly versions: FileVersions = new FileVersions(join(this.folder, 'versions.db'))
  readonly #children = new Set<ChildProcess>()

  prepare(first: SecretValue, target: KilledTarget): void {
    writeFileSync(join(this.folder, 'config.json'), JSON.stringify(target))
    this.versions.first({ versionId: 'v0', value: first })
  }

  /** Starts the program, which calls back with each line that it says. */
  start(heard: (line: string) => void, more: readonly string[] = []): ChildProcess {
    const args = ['-C', 'source', '--disable-warning=ExperimentalWarning', program, this.folder, ...more]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#children.add(child)
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      const lines = text.split('\n')
      text = lines.pop() ?? ''
      for (const line of lines) heard(line)
    })
    return child
  }

  /** Starts it, and kills it so long after a line. */
  async killAt(isThere: (line: string) => boolean, afterMs = 0): Promise<void> {
    const running = this.start((line) => {
      if (!isThere(line)) return
      if (afterMs === 0) running.kill('SIGKILL')
      else setTimeout(() => running.kill('SIGKILL'), afterMs)
    })
    await ended(running)
  }

  /** Lets two more rotations come to their end, and what is under way then. */
  async rotate(): Promise<void> {
    let finished = 0
    await this.killAt((line) => line === 'is finished' && (finished += 1) === 2)
    await ended(this.start(() => undefined, ['ends']))
  }

  remove(): void {
    for (const child of this.#children) child.kill('SIGKILL')
    this.versions.close()
    rmSync(this.folder, { recursive: true })
  }
}

export const ended = (process: ChildProcess): Promise<void> =>
  new Promise((resolve) => process.once('exit', () => resolve()))
