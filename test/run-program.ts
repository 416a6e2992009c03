import { execFile } from 'node:child_process'

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

/** Runs a TypeScript file over the packages' sources, in an environment of its own: the machine's settings are not read. */
export const runProgram = (file: string, { cwd, env }: ProgramOptions): Promise<Ran> =>
  new Promise((resolve) => {
    const options = { cwd, env: { PATH: process.env['PATH'] ?? '', ...env }, timeout: 15_000 }
    execFile(process.execPath, ['-C', 'source', file], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
      resolve({ code, stdout, stderr })
    })
  })
