import { parentPort, workerData } from 'node:worker_threads'
import { SecretsError, toSecretsError } from '@keyplane/core'
import type { BeforeCommit } from '../ports.ts'
import { groupCommit } from './group-commit.ts'
import { openSqlite } from './open-sqlite.ts'
import { type ErrorMessage, type FromWriter, type ThreadData, type ToWriter, unitsOf } from './writer-messages.ts'

/**
 * The body of a writer's thread: a module that does nothing but call this is what `openWriter` is given. What
 * `beforeCommit` gives runs inside every transaction that has audit records.
 */
export const serveWrites = (beforeCommit?: (threadData: ThreadData) => BeforeCommit): void => {
  const port = parentPort
  if (!port) throw new SecretsError('internal', 'serveWrites belongs in a worker thread.')
  const answer = (message: FromWriter): void => port.postMessage(message)
  const { path, threadData } = workerData as { readonly path: string; readonly threadData: ThreadData }
  try {
    const connection = openSqlite({ path, mode: 'write', check: 'header' })
    const commit = groupCommit({
      connection,
      path,
      ...(beforeCommit && { beforeCommit: beforeCommit(threadData) }),
    })
    port.on('message', (message: ToWriter) => {
      if (message.kind === 'batch') {
        const results = commit(unitsOf(message))
        answer({
          kind: 'results',
          results: results.map((result) => (typeof result === 'string' ? result : sent(result))),
        })
      } else {
        connection.close()
        port.close()
      }
    })
    answer({ kind: 'ready' })
  } catch (error) {
    answer({ kind: 'failed', error: sent(toSecretsError(error)) })
    port.close()
  }
}

const sent = ({ code, message, reason }: SecretsError): ErrorMessage => ({
  code,
  message,
  ...(reason !== undefined && { reason }),
})
