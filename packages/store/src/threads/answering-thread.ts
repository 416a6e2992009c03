import { parentPort, workerData } from 'node:worker_threads'
import { SecretsError, systemClock, systemRandom } from '@keyplane/core'
import { writerOver } from '@keyplane/database'
import type { Listening } from '../http/listen.ts'
import { Metrics } from '../metrics.ts'
import { Readiness } from '../readiness.ts'
import { serveStore } from '../serve-store.ts'
import { readerOf } from '../storage/store-database.ts'
import type { AnsweringThread, FirstThread, ThreadStart } from './contract.ts'
import { borrowedRootKey, borrowedRootKeys } from './lent-root-key.ts'
import { type Calls, portCalls } from './port-calls.ts'

/** The body of a thread that answers calls, until it is told to close. */
const port = parentPort
if (!port) throw new SecretsError('internal', 'An answering thread belongs in a worker thread.')
const given = workerData as ThreadStart
let { iam } = given
let serving: Listening | undefined
const metrics = new Metrics()

const procedures: AnsweringThread = {
  start: async () => {
    serving = await serve()
    return serving.port
  },
  setIam: (changed) => {
    iam = changed
  },
  metrics: () => metrics.state(),
  close: async () => {
    await serving?.close()
    // Nothing else keeps the thread alive.
    port.unref()
  },
}
const first: Calls<FirstThread> = portCalls<FirstThread>(port, procedures)

const serve = async (): Promise<Listening> => {
  const { database, store, writerPort, listenAt, insecureNoAuth, tellsCalls } = given
  const [clock, random] = [systemClock, systemRandom]
  const reader = readerOf(database, connectionsOfThread)
  const writer = writerOver(writerPort)
  const release = async (): Promise<void> => {
    await writer.close()
    await reader.close()
  }
  try {
    const server = await serveStore({
      listenAt,
      reader,
      writer: new Readiness(writer, clock),
      store,
      rootKey: borrowedRootKey(given.rootKey, first),
      rootKeySource: borrowedRootKeys(given.rootKeySource, first),
      iam: () => iam,
      ...(insecureNoAuth && { insecureNoAuth }),
      onChange: (secret) => first.tell('changed', secret),
      onCall: tellsCalls ? (report) => first.tell('called', report) : () => undefined,
      log: (problem) => first.tell('problem', problem),
      metrics,
      metricsText: () => first.call('metricsText', undefined),
      clock,
      random,
    })
    return { port: server.port, close: () => server.close().then(release) }
  } catch (error) {
    await release()
    throw error
  }
}

/** To PostgreSQL, for reading. */
const connectionsOfThread = 4
