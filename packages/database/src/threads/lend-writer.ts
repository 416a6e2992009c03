import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { errorMessage, toSecretsError } from '@keyplane/core'
import type { Writer } from '../ports.ts'
import { type BatchMessage, type ResultsMessage, unitsOf } from './batch-message.ts'

/** A port for a writer of another thread, `writerOver`, whose units go through this one and share its commits. */
export const lendWriter = (writer: Writer): MessagePort => {
  const { port1: near, port2: far } = new MessageChannel()
  near.on('message', (batch: BatchMessage) => {
    void Promise.all(unitsOf(batch).map((unit) => writer.write(unit).catch(asMessage))).then(
      (results: ResultsMessage) => near.postMessage(results),
    )
  })
  // Whoever lends keeps the process alive, not what is lent.
  near.unref()
  return far
}

const asMessage = (error: unknown) => errorMessage(toSecretsError(error))
