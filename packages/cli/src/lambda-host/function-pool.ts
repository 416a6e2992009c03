import { FunctionProcess, type FunctionProcessParts, hostEnds } from './function-process.ts'
import type { InvocationResult, LocalFunction } from './local-function.ts'

/** Of one function, at once: as many rotations as a thread of the store does. */
const mostProcesses = 4
/** Calls that wait for one of them. */
const mostWaiting = 100

/** A function's processes: each takes one call at a time, and another one is started where all of them are busy. */
export class FunctionPool {
  readonly #function: LocalFunction
  readonly #parts: FunctionProcessParts
  readonly #all: FunctionProcess[] = []
  readonly #idle: FunctionProcess[] = []
  readonly #waiting = new Set<(process: FunctionProcess | undefined) => void>()
  #isClosed = false

  constructor(local: LocalFunction, parts: FunctionProcessParts) {
    this.#function = local
    this.#parts = parts
  }

  /** Whether so many calls wait that another one is refused. */
  get isFull(): boolean {
    return this.#waiting.size >= mostWaiting
  }

  /** Calls the function with an event in JSON; not where the caller has left before its turn came. */
  async invoke(event: string, functionArn: string, left?: AbortSignal): Promise<InvocationResult> {
    const process = await this.#take(left)
    if (!process) return hostEnds
    try {
      return await process.invoke(event, functionArn)
    } finally {
      this.#give(process)
    }
  }

  /** Ends the processes; calls under way fail. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const proceed of this.#waiting) proceed(undefined)
    await Promise.all(this.#all.map((each) => each.close()))
  }

  async #take(left: AbortSignal | undefined): Promise<FunctionProcess | undefined> {
    if (this.#isClosed) return undefined
    const idle = this.#idle.pop()
    if (idle) return idle
    if (this.#all.length < mostProcesses) {
      const started = new FunctionProcess(this.#function, this.#parts)
      this.#all.push(started)
      return started
    }
    return new Promise((resolve) => {
      const proceed = (process: FunctionProcess | undefined): void => {
        this.#waiting.delete(proceed)
        left?.removeEventListener('abort', leave)
        resolve(process)
      }
      const leave = (): void => proceed(undefined)
      this.#waiting.add(proceed)
      left?.addEventListener('abort', leave, { once: true })
    })
  }

  #give(process: FunctionProcess): void {
    const [next] = this.#waiting
    if (next) next(process)
    else this.#idle.push(process)
  }
}
