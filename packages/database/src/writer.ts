import { Worker } from 'node:worker_threads'
import { SecretsError } from '@keyplane/core'
import type { ThreadData, WriteOutcome, Writer, WriteUnit } from './write-unit.ts'
import type { ErrorMessage, FromWriter, ToWriter } from './writer-messages.ts'

export interface WriterOptions {
  /** The database file; it must exist and be migrated. */
  readonly path: string
  /** The module that calls `serveWrites`; a `.ts` file runs from source. */
  readonly thread: URL
  /** What the thread's `beforeCommit` is given. Default: nothing. */
  readonly threadData?: ThreadData
  /** Units that may wait; one more is refused. Default 10,000. */
  readonly maxQueued?: number
  /** Units in one commit at most. Default 256. */
  readonly maxBatch?: number
}

/**
 * Starts a writer thread. Units that arrive while a commit is under way wait and share the next one.
 * @throws SecretsError as `openSqlite`, or `unavailable` (reason `writer_died`) if the thread does not start.
 */
export const openWriter = async (options: WriterOptions): Promise<Writer> => {
  const fromSource = options.thread.pathname.endsWith('.ts')
  const worker = new Worker(options.thread, {
    workerData: { path: options.path, threadData: options.threadData ?? {} },
    execArgv: fromSource ? ['-C', 'source', '--disable-warning=ExperimentalWarning'] : [],
  })
  const writer = new ThreadWriter(worker, options)
  await writer.started
  return writer
}

interface Waiting {
  readonly unit: WriteUnit
  readonly resolve: (outcome: WriteOutcome) => void
  readonly reject: (error: SecretsError) => void
}

class ThreadWriter implements Writer {
  readonly started: Promise<void>
  readonly #worker: Worker
  readonly #ended: Promise<void>
  readonly #maxQueued: number
  readonly #maxBatch: number
  #queue: Waiting[] = []
  #underway: readonly Waiting[] = []
  #gathering = false
  #closing = false
  #death: SecretsError | undefined

  constructor(worker: Worker, { maxQueued = 10_000, maxBatch = 256 }: WriterOptions) {
    this.#worker = worker
    this.#maxQueued = maxQueued
    this.#maxBatch = maxBatch
    this.started = new Promise((resolve, reject) => {
      worker.on('message', (message: FromWriter) => {
        if (message.kind === 'ready') resolve()
        else if (message.kind === 'failed') reject(received(message.error))
        else this.#settle(message.results)
      })
      worker.on('error', (error) => this.#die(error))
      worker.on('exit', () => {
        this.#die(undefined)
        reject(this.#death)
      })
    })
    this.#ended = new Promise((resolve) => worker.once('exit', () => resolve()))
  }

  get alive(): boolean {
    return !this.#closing && this.#death === undefined
  }

  write(unit: WriteUnit): Promise<WriteOutcome> {
    if (this.#death) return Promise.reject(this.#death)
    if (this.#closing) return Promise.reject(new SecretsError('closed', 'The database is closed.'))
    if (this.#queue.length >= this.#maxQueued)
      return Promise.reject(
        new SecretsError('rate_limited', `${this.#maxQueued} writes are waiting; try again later.`, {
          reason: 'write_queue_full',
        }),
      )
    return new Promise((resolve, reject) => {
      this.#queue.push({ unit, resolve, reject })
      this.#sendSoon()
    })
  }

  async close(): Promise<void> {
    this.#closing = true
    this.#send()
    await this.#ended
  }

  /** Once all callers that this turn of the event loop woke have written: a message costs as much as ten units in it. */
  #sendSoon(): void {
    if (this.#gathering || this.#underway.length > 0) return
    this.#gathering = true
    setImmediate(() => {
      this.#gathering = false
      this.#send()
    })
  }

  #send(): void {
    if (this.#underway.length > 0 || this.#death) return
    if (this.#queue.length > 0) {
      this.#underway = this.#queue.splice(0, this.#maxBatch)
      this.#post({ kind: 'batch', units: this.#underway.map(({ unit }) => unit) })
    } else if (this.#closing) this.#post({ kind: 'close' })
  }

  #post(message: ToWriter): void {
    this.#worker.postMessage(message, [])
  }

  #settle(results: readonly (WriteOutcome | ErrorMessage)[]): void {
    const settled = this.#underway
    this.#underway = []
    // The next batch is sent first, so that the thread commits while the callers go on.
    this.#send()
    for (const [index, { resolve, reject }] of settled.entries()) {
      const result = results[index]
      if (result === undefined) reject(new SecretsError('internal', 'The writer lost a result.'))
      else if (typeof result === 'string') resolve(result)
      else reject(received(result))
    }
  }

  #die(cause: unknown): void {
    this.#death ??=
      this.#closing && cause === undefined
        ? new SecretsError('closed', 'The database is closed.')
        : new SecretsError(
            'unavailable',
            'The thread that writes the database ended. What it was writing may or may not be there; restart the store.',
            { reason: 'writer_died', cause },
          )
    const lost = [...this.#underway, ...this.#queue]
    this.#underway = []
    this.#queue = []
    for (const { reject } of lost) reject(this.#death)
  }
}

const received = ({ code, message, reason }: ErrorMessage): SecretsError =>
  new SecretsError(code, message, reason === undefined ? {} : { reason })
