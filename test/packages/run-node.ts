import { execFile } from 'node:child_process'
import { dirname } from 'node:path'

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
}

/** Nothing of this process's environment but what finds programs: a variable of the machine's would be read. */
const bareEnvironment = (node: string): Record<string, string> => ({
  PATH: [dirname(node), '/usr/bin', '/bin'].join(':'),
  HOME: '/nonexistent',
})

/** Runs a program to its end. */
export const run = (file: string, args: readonly string[], node: string, { cwd, env }: RunOptions): Promise<Ran> =>
  new Promise((resolve) => {
    const options = { cwd, env: { ...bareEnvironment(node), ...env }, timeout: 60_000 }
    execFile(file, [...args], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
      resolve({ code, stdout, stderr })
    })
  })

/** Runs a module's text, as a program in that folder would. */
export const runModule = (node: string, text: string, options: RunOptions): Promise<Ran> =>
  run(node, ['--input-type=module', '--eval', text], node, options)
