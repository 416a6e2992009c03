import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { errorMessage, SecretsError, toSecretsError } from '@keyplane/core'
import type { BeforeCommit } from '../ports.ts'
import { type GroupCommit, groupCommit } from './group-commit.ts'
import { openSqlite } from './open-sqlite.ts'
import { type BatchMessage, type ResultsMessage, unitsOf } from '../threads/batch-message.ts'
import type { FromWriter, ThreadData, ToWriter } from './writer-messages.ts'

/**
 * The body of a writer's thread: a module that does nothing but call this is what `openWriter` is given. What
 * `beforeCommit` gives runs inside every transaction that has audit records.
 */
export const serveWrites = (beforeCommit?: (threadData: ThreadData) => BeforeCommit): void => {
  const starter = parentPort
  if (!starter) throw new SecretsError('internal', 'serveWrites belongs in a worker thread.')
  const tell = (message: FromWriter): void => starter.postMessage(message)
  const { path, threadData } = workerData as { readonly path: string; readonly threadData: ThreadData }
  try {
    const connection = openSqlite({ path, mode: 'write', check: 'header' })
    const commit = groupCommit({
      connection,
      path,
      ...(beforeCommit && { beforeCommit: beforeCommit(threadData) }),
    })
    const ports = new Set<MessagePort>()
    starter.on('message', (message: ToWriter) => {
      if (message.kind === 'join') return join(message.port, ports, commit)
      connection.close()
      for (const port of ports) port.close()
      starter.close()
    })
    tell({ kind: 'ready' })
  } catch (error) {
    tell({ kind: 'failed', error: errorMessage(toSecretsError(error)) })
    starter.close()
  }
}

const join = (port: MessagePort, ports: Set<MessagePort>, commit: GroupCommit): void => {
  ports.add(port)
  port.once('close', () => ports.delete(port))
  port.on('message', (batch: BatchMessage) => commitTogether([{ port, batch }, ...arrived(ports)], commit))
}

interface Arrived {
  readonly port: MessagePort
  readonly batch: BatchMessage
}

/** What the ports have brought by this moment: it goes into the same commit, so that all threads share one sync. */
const arrived = (ports: ReadonlySet<MessagePort>): readonly Arrived[] =>
  [...ports].flatMap((port) => {
    const received = receiveMessageOnPort(port) as { readonly message: BatchMessage } | undefined
    return received ? [{ port, batch: received.message }] : []
  })

const commitTogether = (batches: readonly Arrived[], commit: GroupCommit): void => {
  const lists = batches.map(({ batch }) => unitsOf(batch))
  const results: ResultsMessage = commit(lists.flat()).map((result) =>
    typeof result === 'string' ? result : errorMessage(result),
  )
  let from = 0
  for (const [index, { port }] of batches.entries()) {
    const until = from + (lists[index]?.length ?? 0)
    port.postMessage(results.slice(from, until))
    from = until
  }
}
