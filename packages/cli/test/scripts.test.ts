import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { bareEnvironment, type Environment, type Finished, RunningProcess } from './keyplane-process.ts'
import { ScratchFolder } from './scratch-folder.ts'
import { matches, parseTranscript, type Step } from './transcript.ts'

const own = fileURLToPath(new URL('.', import.meta.url))

/** A transcript's own folder, the shell that runs its commands there, and the plane that it started. */
class Script {
  readonly #folder = new ScratchFolder()
  readonly #env: Environment
  #plane: RunningProcess | undefined

  constructor() {
    const bare = bareEnvironment(this.#folder.path)
    this.#env = { ...bare, PATH: `${own}bin:${bare['PATH']}`, KEYPLANE_TEST_FOLDER: own }
  }

  async play(step: Step): Promise<Finished | undefined> {
    if (!step.background) return this.#shell(step.command).finished
    if (step.command === 'stop') return this.#stop()
    this.#plane = this.#shell(`exec ${step.command}`)
    const early = this.#plane.finished.then(({ stderr }): never => {
      throw new Error(`Line ${step.line} ended at once: ${stderr}`)
    })
    await Promise.race([this.#listening(), early])
    return undefined
  }

  async end(): Promise<void> {
    await this.#stop()
    this.#folder.remove()
  }

  #shell(command: string): RunningProcess {
    return new RunningProcess('/bin/sh', ['-c', command], { cwd: this.#folder.path, env: this.#env })
  }

  async #listening(): Promise<void> {
    // A service has no plane's file: it tells its address, which the transcript keeps.
    while (!existsSync(this.#folder.at('.keyplane', 'running.json')) && !this.#hasTold()) await pause(20)
  }

  #hasTold(): boolean {
    const said = statSync(this.#folder.at('service.out'), { throwIfNoEntry: false })
    return said !== undefined && said.size > 0
  }

  async #stop(): Promise<Finished | undefined> {
    const finished = await this.#plane?.stop()
    this.#plane = undefined
    return finished && { code: finished.code, stdout: '', stderr: '' }
  }
}

const expectOutcome = ({ command, line, stdout, stderr, code }: Step, finished: Finished): void => {
  const fits = finished.code === code && matches(stdout, finished.stdout) && matches(stderr, finished.stderr)
  if (!fits)
    expect(finished, `line ${line}: ${command}`).toEqual({ code, stdout: stdout.join('\n'), stderr: stderr.join('\n') })
}

const scripts = readdirSync(`${own}scripts`).filter((name) => name.endsWith('.txt'))

describe.concurrent('the command line', () => {
  // As many at a time as vitest lets run, each a hundred processes: the end is for one that hangs.
  it.for(scripts)('does what stands in %s', { timeout: 300_000 }, async (name: string) => {
    const steps = parseTranscript(readFileSync(`${own}scripts/${name}`, 'utf8'))
    const script = new Script()
    try {
      for (const step of steps) {
        const finished = await script.play(step)
        if (finished) expectOutcome(step, finished)
      }
    } finally {
      await script.end()
    }
    expect(steps.length).toBeGreaterThan(1)
  })
})
