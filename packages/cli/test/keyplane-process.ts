import { type ChildProcess, spawn } from 'node:child_process'
import { constants, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const launcher = fileURLToPath(new URL('../bin/keyplane.js', import.meta.url))
const launcherFolder = fileURLToPath(new URL('../../../node_modules/.bin', import.meta.url))

export type Environment = Readonly<Record<string, string | undefined>>

/** What a process needs, and nothing of the developer's own: no credentials, no settings, no colours. */
export const bareEnvironment = (home: string = tmpdir()): Environment => ({
  PATH: [launcherFolder, dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(':'),
  HOME: home,
  LANG: 'C.UTF-8',
  // Hundreds of source files are stripped of their types once, not at every start.
  NODE_COMPILE_CACHE: join(tmpdir(), 'keyplane-test-compile-cache'),
})

export interface ProcessOptions {
  readonly cwd: string
  readonly env?: Environment
  /** All of stdin. Default: nothing. */
  readonly stdin?: string | Uint8Array
  /** What Node.js is started under, with its arguments: a tracer. Default: nothing. */
  readonly under?: readonly [string, ...string[]]
}

export interface PlaneOptions extends ProcessOptions {
  /** Beside those for its ports. */
  readonly flags?: readonly string[]
}

/** How a process ended, and what it wrote. */
export interface Finished {
  /** 128 + N after signal N. */
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A process of ours with everything that it has written so far. */
export class RunningProcess {
  readonly child: ChildProcess
  readonly finished: Promise<Finished>
  stdout = ''
  stderr = ''

  constructor(command: string, args: readonly string[], { cwd, env = bareEnvironment(), stdin = '' }: ProcessOptions) {
    this.child = spawn(command, args, { cwd, env, stdio: 'pipe' })
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text))
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text))
    // A process that ends without reading its stdin is no failure of the test.
    this.child.stdin?.on('error', () => undefined).end(stdin)
    this.finished = new Promise((resolve, reject) => {
      this.child.on('error', reject)
      this.child.on('close', (code, signal) =>
        resolve({
          code: code ?? 128 + (signal ? constants.signals[signal] : 0),
          stdout: this.stdout,
          stderr: this.stderr,
        }),
      )
    })
  }

  get pid(): number {
    return this.child.pid ?? 0
  }

  /** Resolves with the first line of stdout. @throws with what was written where the process ends before. */
  async firstLine(): Promise<string> {
    const stdout = this.child.stdout
    const line = new Promise<string>((resolve) => {
      const look = (): void => {
        const end = this.stdout.indexOf('\n')
        if (end >= 0) resolve(this.stdout.slice(0, end))
      }
      stdout?.on('data', look)
      look()
    })
    const early = this.finished.then(({ code, stderr }): never => {
      throw new Error(`It ended with ${code} before it was ready: ${stderr}`)
    })
    return Promise.race([line, early])
  }

  /** Sends a signal and waits for the end. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Finished> {
    this.child.kill(signal)
    return this.finished
  }
}

/** `keyplane` with these arguments, as it stands in this checkout. */
export const keyplane = (args: readonly string[], options: ProcessOptions): RunningProcess => {
  const [command, ...before] = [...(options.under ?? []), process.execPath]
  return new RunningProcess(command, [...before, launcher, ...args], options)
}

/** Any program, to its end. */
export const runProgram = (command: string, args: readonly string[], options: ProcessOptions): Promise<Finished> =>
  new RunningProcess(command, args, options).finished

/** What a plane says of itself with `--json`. */
export interface PlaneFacts {
  readonly agentUrl: string
  readonly storeUrl: string
  readonly secrets: number
}

export interface StartedPlane {
  readonly process: RunningProcess
  readonly facts: PlaneFacts
}

const portFlags: Readonly<Record<'dev' | 'store', readonly string[]>> = {
  dev: ['--agent-port', '0', '--store-port', '0', '--service-port', '0'],
  store: ['--port', '0'],
}

/** Starts `keyplane dev` or `keyplane store` on free ports, its data in `.keyplane` of `cwd`, and waits until it answers. */
export const startPlane = async (part: 'dev' | 'store', options: PlaneOptions): Promise<StartedPlane> => {
  const process = keyplane([part, ...portFlags[part], '--json', ...(options.flags ?? [])], options)
  return { process, facts: JSON.parse(await process.firstLine()) as PlaneFacts }
}
