import type { Worker } from 'node:worker_threads'
import { SecretsError } from '@keyplane/core'
import { moduleBeside, startThread } from '@keyplane/database'
import type { Iam } from '../iam/identity.ts'
import { Metrics, type MetricsState } from '../metrics.ts'
import type { AnsweringThread, FirstThread, ThreadStart } from './contract.ts'
import { type Calls, portCalls } from './port-calls.ts'

/** A machine that is busy may take long; a thread that hangs would be waited for without end. */
const startWithinMs = 60_000
/** Longer than a call under way may take: see `listen`. */
const closeWithinMs = 15_000
const metricsWithinMs = 1_000

/** A thread that answers calls, as the first one sees it. */
export class AnsweringWorker {
  /** When it has ended, for whatever reason: that reason in a word, never a message. */
  readonly ended: Promise<string>
  readonly #worker: Worker
  readonly #calls: Calls<AnsweringThread>
  #metrics: MetricsState = new Metrics().state()

  constructor(start: ThreadStart, procedures: FirstThread) {
    const worker = startThread(moduleBeside(import.meta.url, 'answering-thread'), {
      workerData: start,
      transferList: [start.writerPort],
    })
    let reason: string | undefined
    worker.on('error', (error: NodeJS.ErrnoException) => (reason = error.code ?? error.name))
    this.ended = new Promise((resolve) => worker.once('exit', (code) => resolve(reason ?? `exit code ${code}`)))
    this.#worker = worker
    this.#calls = portCalls<AnsweringThread>(worker, procedures)
  }

  /** Gives the port that it listens on. @throws SecretsError what listening fails with; `timeout`. */
  async start(): Promise<number> {
    try {
      return await within(startWithinMs, this.#calls.call('start', undefined))
    } catch (error) {
      await this.#worker.terminate()
      throw error
    }
  }

  setIam(iam: Iam): void {
    this.#calls.tell('setIam', iam)
  }

  /** What it has counted; of one that is gone, or does not answer, what it told last. */
  async metrics(): Promise<MetricsState> {
    try {
      this.#metrics = await within(metricsWithinMs, this.#calls.call('metrics', undefined))
    } catch {
      // It hangs, or has ended.
    }
    return this.#metrics
  }

  /** Lets it answer the calls under way, and ends it. */
  async close(): Promise<void> {
    const late = setTimeout(() => void this.#worker.terminate(), closeWithinMs)
    // One that has ended already has nothing to close.
    await this.#calls.call('close', undefined).catch(() => undefined)
    await this.ended
    clearTimeout(late)
  }
}

const within = async <T>(ms: number, act: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new SecretsError('timeout', 'A thread of the store does not answer.')), ms)
  })
  try {
    return await Promise.race([act, late])
  } finally {
    clearTimeout(timer)
  }
}
