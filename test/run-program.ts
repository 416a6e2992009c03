import { execFile } from 'node:child_process'
import { join } from 'node:path'

export interface Ran {
  /** -1 where the program was ended from outside. */
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface ProgramOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
}

/** A machine that does much else at the same time is slow; a program that hangs is ended all the same. */
export const programTimeoutMs = 60_000

/** Most of a small program's time is reading our sources: once for all of them. */
const compiled = join(import.meta.dirname, '../node_modules/.cache/compiled')

/** Runs a TypeScript file over the packages' sources, in an environment of its own: the machine's settings are not read. */
export const runProgram = (file: string, { cwd, env }: ProgramOptions): Promise<Ran> =>
  new Promise((resolve) => {
    const own = { PATH: process.env['PATH'] ?? '', NODE_COMPILE_CACHE: compiled, ...env }
    const options = { cwd, env: own, timeout: programTimeoutMs }
    execFile(process.execPath, ['-C', 'source', file], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
      resolve({ code, stdout, stderr })
    })
  })
