import { readFileSync } from 'node:fs'
import {
  bareEnvironment,
  type Environment,
  type Finished,
  type PlaneFacts,
  type PlaneOptions,
  type RunningProcess,
  runProgram,
  startPlane,
} from '../../packages/cli/test/keyplane-process.ts'
import { ScratchFolder } from '../../packages/cli/test/scratch-folder.ts'

/** A plane in a folder of its own, as a user starts it: a process, its data in `.keyplane`. */
export class RealPlane {
  readonly folder: ScratchFolder = new ScratchFolder()
  process: RunningProcess | undefined
  facts: PlaneFacts = { agentUrl: '', storeUrl: '', secrets: 0 }

  get cwd(): string {
    return this.folder.path
  }

  async start(part: 'dev' | 'store', options: Partial<PlaneOptions> = {}): Promise<this> {
    const { process, facts } = await startPlane(part, { cwd: this.cwd, ...options })
    this.process = process
    this.facts = facts
    return this
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number> {
    const finished = await this.process?.stop(signal)
    this.process = undefined
    return finished?.code ?? 0
  }

  async remove(): Promise<void> {
    await this.stop()
    this.folder.remove()
  }

  /** What `. .keyplane/aws.env` gives a shell. */
  get awsEnvironment(): Environment {
    const text = readFileSync(this.folder.at('.keyplane', 'aws.env'), 'utf8')
    const lines = [...text.matchAll(/^export (\w+)='([^']*)'$/gm)]
    return { ...bareEnvironment(this.cwd), ...Object.fromEntries(lines.map(([, name, value]) => [name, value])) }
  }

  /** Runs a program in a shell that has read `aws.env`; `before` is more of the shell's own. */
  inShell(command: readonly string[], before = ':'): Promise<Finished> {
    const script = `. .keyplane/aws.env; ${before}; exec "$@"`
    return runProgram('/bin/sh', ['-c', script, 'sh', ...command], { cwd: this.cwd, env: bareEnvironment(this.cwd) })
  }
}
