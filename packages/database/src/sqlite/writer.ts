import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads'
import { errorOf } from '@keyplane/core'
import { type BatchOptions, BatchWriter, type Committer, type UnitResult } from '../batch-writer.ts'
import type { SharedWriter, WriteUnit } from '../ports.ts'
import { sharedWriter } from '../threads/shared-writer.ts'
import { startThread } from '../threads/thread-module.ts'
import { closed, PortCommitter, writerDied } from '../threads/writer-over.ts'
import { type FromWriter, type ThreadData, type ToWriter } from './writer-messages.ts'

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
export const openWriter = async (options: WriterOptions): Promise<SharedWriter> => {
  const workerData = { path: options.path, threadData: options.threadData ?? {} }
  const worker = startThread(options.thread, { workerData })
  const thread = new WriterThread(worker)
  const writer = new BatchWriter(thread, options)
  thread.onDeath = (death) => writer.die(death)
  await thread.started
  return sharedWriter(writer, () => thread.connect())
}

/** The thread's life, and its first port. */
class WriterThread implements Committer {
  readonly started: Promise<void>
  onDeath: (death: ReturnType<typeof closed>) => void = () => undefined
  readonly #worker: Worker
  readonly #exited: Promise<void>
  readonly #port: PortCommitter
  #ending = false
  #ended = false

  constructor(worker: Worker) {
    this.#worker = worker
    this.#port = new PortCommitter(this.connect())
    this.started = new Promise((resolve, reject) => {
      worker.on('message', (message: FromWriter) => {
        if (message.kind === 'ready') resolve()
        else reject(errorOf(message.error))
      })
      worker.on('error', (error) => this.onDeath(writerDied(error)))
      worker.on('exit', () => {
        this.#ended = true
        this.onDeath(this.#ending ? closed() : writerDied(undefined))
        reject(writerDied(undefined))
      })
    })
    this.#exited = new Promise((resolve) => worker.once('exit', () => resolve()))
  }

  /** @throws SecretsError `unavailable` (`writer_died`), `closed` */
  connect(): MessagePort {
    // A port that is sent to a thread which has ended would never close.
    if (this.#ended) throw this.#ending ? closed() : writerDied(undefined)
    const { port1: near, port2: far } = new MessageChannel()
    this.#worker.postMessage({ kind: 'join', port: far } satisfies ToWriter, [far])
    return near
  }

  commit(units: readonly WriteUnit[]): Promise<readonly UnitResult[]> {
    return this.#port.commit(units)
  }

  async end(): Promise<void> {
    this.#ending = true
    this.#worker.postMessage({ kind: 'close' } satisfies ToWriter)
    await this.#exited
  }
}
