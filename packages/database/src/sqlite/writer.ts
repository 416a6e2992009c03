import { Worker } from 'node:worker_threads'
import { SecretsError } from '@keyplane/core'
import { type BatchOptions, BatchWriter, type Committer, type UnitResult } from '../batch-writer.ts'
import type { Writer, WriteUnit } from '../ports.ts'
import { batchMessage, type ErrorMessage, type FromWriter, type ThreadData, type ToWriter } from './writer-messages.ts'

export interface WriterOptions extends BatchOptions {
  /** The database file; it must exist and be migrated. */
  readonly path: string
  /** The module that calls `serveWrites`; a `.ts` file runs from source. */
  readonly thread: URL
  /** What the thread makes its `BeforeCommit` of. Default: nothing. */
  readonly threadData?: ThreadData
}

/**
 * Starts a writer thread on a SQLite file.
 * @throws SecretsError as `openSqlite`, or `unavailable` (reason `writer_died`) if the thread does not start.
 */
export const openWriter = async (options: WriterOptions): Promise<Writer> => {
  const fromSource = options.thread.pathname.endsWith('.ts')
  const worker = new Worker(options.thread, {
    workerData: { path: options.path, threadData: options.threadData ?? {} },
    execArgv: fromSource ? ['-C', 'source', '--disable-warning=ExperimentalWarning'] : [],
  })
  const thread = new WriterThread(worker)
  const writer = new BatchWriter(thread, options)
  thread.onDeath = (death) => writer.die(death)
  await thread.started
  return writer
}

/** The thread, as what commits: one message a batch, and one back. */
class WriterThread implements Committer {
  readonly started: Promise<void>
  onDeath: (death: SecretsError) => void = () => undefined
  readonly #worker: Worker
  readonly #exited: Promise<void>
  #answer: ((results: readonly UnitResult[]) => void) | undefined
  #ending = false

  constructor(worker: Worker) {
    this.#worker = worker
    this.started = new Promise((resolve, reject) => {
      worker.on('message', (message: FromWriter) => {
        if (message.kind === 'ready') resolve()
        else if (message.kind === 'failed') reject(received(message.error))
        else this.#answer?.(message.results.map((result) => (typeof result === 'string' ? result : received(result))))
      })
      worker.on('error', (error) => this.onDeath(death(error)))
      worker.on('exit', () => {
        this.onDeath(this.#ending ? new SecretsError('closed', 'The database is closed.') : death(undefined))
        reject(death(undefined))
      })
    })
    this.#exited = new Promise((resolve) => worker.once('exit', () => resolve()))
  }

  commit(units: readonly WriteUnit[]): Promise<readonly UnitResult[]> {
    return new Promise((resolve) => {
      this.#answer = resolve
      this.#post(batchMessage(units))
    })
  }

  async end(): Promise<void> {
    this.#ending = true
    this.#post({ kind: 'close' })
    await this.#exited
  }

  #post(message: ToWriter): void {
    this.#worker.postMessage(message, [])
  }
}

const death = (cause: unknown): SecretsError =>
  new SecretsError(
    'unavailable',
    'The thread that writes the database ended. What it was writing may or may not be there; restart the store.',
    { reason: 'writer_died', cause },
  )

const received = ({ code, message, reason }: ErrorMessage): SecretsError =>
  new SecretsError(code, message, reason === undefined ? {} : { reason })
