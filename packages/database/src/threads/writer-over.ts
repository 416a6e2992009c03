import type { MessagePort } from 'node:worker_threads'
import { errorOf, SecretsError } from '@keyplane/core'
import { type BatchOptions, BatchWriter, type Committer, type UnitResult } from '../batch-writer.ts'
import type { Writer, WriteUnit } from '../ports.ts'
import { batchMessage, type ResultsMessage } from './batch-message.ts'

/**
 * A writer over a port from `SharedWriter.connect`, which may be handed to another thread first. Closing it ends this
 * writer and no other.
 */
export const writerOver = (port: MessagePort, options: BatchOptions = {}): Writer => {
  const committer = new PortCommitter(port)
  const writer = new BatchWriter(committer, options)
  // The port closes with the thread.
  port.once('close', () => writer.die(committer.isEnded ? closed() : writerDied(undefined)))
  return writer
}

/** The far end of a port, as what commits: one message a batch, and one back. */
export class PortCommitter implements Committer {
  isEnded = false
  readonly #port: MessagePort
  #answer: ((results: readonly UnitResult[]) => void) | undefined

  constructor(port: MessagePort) {
    this.#port = port
    port.on('message', (results: ResultsMessage) =>
      this.#answer?.(results.map((result) => (typeof result === 'string' ? result : errorOf(result)))),
    )
  }

  commit(units: readonly WriteUnit[]): Promise<readonly UnitResult[]> {
    return new Promise((resolve) => {
      this.#answer = resolve
      this.#port.postMessage(batchMessage(units))
    })
  }

  async end(): Promise<void> {
    this.isEnded = true
    this.#port.close()
  }
}

export const closed = (): SecretsError => new SecretsError('closed', 'The database is closed.')

export const writerDied = (cause: unknown): SecretsError =>
  new SecretsError(
    'unavailable',
    'The thread that writes the database ended. What it was writing may or may not be there; restart the store.',
    { reason: 'writer_died', cause },
  )
