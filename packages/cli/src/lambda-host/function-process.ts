import { type ChildProcess, spawn } from 'node:child_process'
import { type Clock, type Random, toSecretsError, uuid } from '@keyplane/core'
import { bootstraps } from './bootstraps.ts'
import { eachLine } from './each-line.ts'
import type { InvocationResult, LocalFunction } from './local-function.ts'
import { RuntimeApi } from './runtime-api.ts'

export interface FunctionProcessParts {
  readonly clock: Clock
  readonly random: Random
  /** What every function is given when it starts: PATH, region, keys, the store's address. */
  readonly environment: () => Readonly<Record<string, string>>
  /** A line that the function wrote. */
  readonly onLine: (line: string) => void
}

interface Running {
  readonly api: RuntimeApi
  /** Ends the process at once; resolves when it has ended. */
  readonly kill: () => Promise<void>
}

/** A function's process: started at its first call, and ended where a call takes too long. The next call starts another one. */
export class FunctionProcess {
  readonly #function: LocalFunction
  readonly #parts: FunctionProcessParts
  #running: Running | undefined
  #isClosed = false

  constructor(local: LocalFunction, parts: FunctionProcessParts) {
    this.#function = local
    this.#parts = parts
  }

  /** Ends the process; a call under way fails. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#running?.kill()
  }

  /** Calls the function with an event in JSON. One call at a time. */
  async invoke(event: string, functionArn: string): Promise<InvocationResult> {
    if (this.#isClosed) return hostEnds
    const { clock, random } = this.#parts
    const { timeoutMs } = this.#function
    let running: Running
    try {
      running = this.#running ??= await this.#start()
    } catch (error) {
      return unhandled('Runtime.ExitError', `The function can't be started: ${toSecretsError(error).message}`)
    }
    if (this.#isClosed) {
      await running.kill()
      return hostEnds
    }
    const requestId = uuid(random)
    const result = await new Promise<InvocationResult | 'late'>((resolve) => {
      const late = clock.after(timeoutMs, () => resolve('late'))
      const settle = (given: InvocationResult): void => {
        late.cancel()
        resolve(given)
      }
      running.api.invoke({ requestId, event, functionArn, deadlineMs: clock.nowMs() + timeoutMs, settle })
    })
    if (result !== 'late') return result
    await running.kill()
    return unhandled('Sandbox.Timedout', `${requestId} Task timed out after ${(timeoutMs / 1_000).toFixed(2)} seconds`)
  }

  async #start(): Promise<Running> {
    const api = await RuntimeApi.open(this.#parts.random)
    const child = this.#spawn(api.address)
    const ended = new Promise<InvocationResult>((resolve) => {
      child.once('error', ({ message }) => resolve(unhandled('Runtime.ExitError', message)))
      child.once('exit', (code, signal) =>
        resolve(unhandled('Runtime.ExitError', `Runtime exited with ${signal ?? `exit status ${code}`}`)),
      )
    })
    const gone = ended.then((result) => {
      this.#running = undefined
      api.fail(result)
      api.close()
    })
    const kill = async (): Promise<void> => {
      // With what it has started itself.
      if (child.pid !== undefined) killGroup(child.pid)
      await gone
    }
    return { api, kill }
  }

  #spawn(runtimeApi: string): ChildProcess {
    const { name, runtime, handler, folder, environment } = this.#function
    const { command = process.execPath, args } = bootstraps[runtime]
    const child = spawn(command, args, {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      env: {
        ...this.#parts.environment(),
        ...environment,
        AWS_LAMBDA_RUNTIME_API: runtimeApi,
        AWS_LAMBDA_FUNCTION_NAME: name,
        LAMBDA_TASK_ROOT: folder,
        _HANDLER: handler,
      },
    })
    for (const stream of [child.stdout, child.stderr]) eachLine(stream, this.#parts.onLine)
    return child
  }
}

const killGroup = (pid: number): void => {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

/** As Lambda words what is no answer of the function's. */
const unhandled = (errorType: string, errorMessage: string): InvocationResult => ({
  payload: JSON.stringify({ errorType, errorMessage }),
  functionError: 'Unhandled',
})

/** What is answered to those whose turn does not come. */
export const hostEnds: InvocationResult = unhandled('Runtime.ExitError', 'The host of the functions ends.')
