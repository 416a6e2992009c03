import { mkdirSync, readdirSync, readlinkSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { bareEnvironment, type Finished, runProgram } from '../../../packages/cli/test/keyplane-process.ts'
import { ScratchFolder } from '../../../packages/cli/test/scratch-folder.ts'
import { deployFile } from './unit-file.ts'

/** A folder that `install` and `uninstall` take for the root of a host. */
export class InstallFolder extends ScratchFolder {
  run(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Finished> {
    return runProgram(command, args, { cwd: this.path, env: { ...bareEnvironment(this.path), ...env } })
  }

  /** Runs a script of ours for it. */
  script(name: 'install' | 'uninstall', ...args: readonly string[]): Promise<Finished> {
    return this.run(deployFile(`ec2/${name}`), args, { DESTDIR: this.path })
  }

  /** Writes a file, and gives its path. */
  put(name: string, text: string): string {
    mkdirSync(dirname(this.at(name)), { recursive: true })
    writeFileSync(this.at(name), text)
    return this.at(name)
  }

  /** What is there, but the folders that hold something: modes and paths, or where a link leads. */
  tree(): string[] {
    return readdirSync(this.path, { recursive: true, withFileTypes: true })
      .map((entry) => {
        const path = join(entry.parentPath, entry.name)
        const told = path.slice(this.path.length)
        if (entry.isSymbolicLink()) return `${told} -> ${readlinkSync(path)}`
        if (entry.isDirectory() && readdirSync(path).length > 0) return ''
        return `${told} ${(statSync(path).mode & 0o777).toString(8)}`
      })
      .filter((line) => line !== '')
      .toSorted()
  }
}
