import { type ChildProcess, fork } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { formArguments } from '../built.ts'
import type { Said, Told } from './batch.ts'
import type { Place } from './places.ts'

const program = fileURLToPath(new URL('./rotate-batch.ts', import.meta.url))
/** Compiled once: thousands of processes are started. */
const compileCache = 'bench-rotation-compile-cache'

/** A process of our own that runs a program of this folder. */
export const startProcess = (path: string, args: readonly string[], cacheFolder: string): ChildProcess =>
  fork(path, [...args], {
    execArgv: [...formArguments, '--disable-warning=ExperimentalWarning'],
    env: { ...process.env, NODE_COMPILE_CACHE: `${cacheFolder}/${compileCache}` },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })

/** A process that rotates the secrets of a batch. */
export class BatchProcess {
  readonly #child: ChildProcess
  readonly #heard: (Said & { readonly atMs: number })[] = []
  readonly #over: Promise<unknown>
  #onHeard = (): void => undefined

  /** @param at where the next rotations of some of its secrets are held. */
  constructor(folder: string, at: ReadonlyMap<string, Place>) {
    this.#child = startProcess(program, [folder, JSON.stringify([...at])], folder)
    this.#over = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.on('message', (said: Said) => {
      this.#heard.push({ ...said, atMs: performance.now() })
      this.#onHeard()
    })
  }

  /** What it has said so far, once it is that many of a kind, or the process or the time is over. */
  async hear<W extends Said['what']>(what: W, count: number): Promise<readonly (Said & { what: W; atMs: number })[]> {
    const said = () => this.#heard.filter((one): one is Said & { what: W; atMs: number } => one.what === what)
    const enough = new Promise<void>((resolve) => {
      this.#onHeard = () => {
        if (said().length >= count) resolve()
      }
      this.#onHeard()
    })
    const late = new AbortController()
    await Promise.race([enough, this.#over, wait(60_000, undefined, { signal: late.signal }).catch(() => undefined)])
    late.abort()
    return said()
  }

  tell(told: Told): void {
    // One that has ended hears nothing, and says nothing.
    this.#child.send(told, () => undefined)
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#over
  }
}
