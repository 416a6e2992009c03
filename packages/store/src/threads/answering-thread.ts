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
let serving: Promise<Listening> | undefined
const metrics = new Metrics()

const procedures: AnsweringThread = {
  start: async () => {
    serving = serve()
    return (await serving).port
  },
  setIam: (changed) => {
    iam = changed
  },
  metrics: () => metrics.state(),
  close: async () => {
    // Where it did not start, whoever started it was told.
    const server = await serving?.catch(() => undefined)
    await server?.close()
    // Nothing else keeps the thread alive.
    port.unref()
  },
}
const first: Calls<FirstThread> = portCalls<FirstThread>(port, procedures)

const serve = async (): Promise<Listening> => {
  const { database, store, writerPort, listenAt, insecureNoAuth, functions, rotationCalendar, tellsCalls } = given
  const [clock, random] = [systemClock, systemRandom]
  const reader = readerOf(database, Math.ceil(maxConnections / (listenAt.sharedBy ?? 1)))
  const writer = new Readiness(writerOver(writerPort), clock)
  const release = async (): Promise<void> => {
    await writer.close()
    await reader.close()
  }
  try {
    const server = await serveStore({
      listenAt,
      reader,
      writer,
      store,
      rootKey: borrowedRootKey(given.rootKey, first),
      rootKeySource: borrowedRootKeys(given.rootKeySource, first),
      iam: () => iam,
      ...(insecureNoAuth && { insecureNoAuth }),
      ...(functions && { functions }),
      ...(rotationCalendar && { rotationCalendar }),
      onChange: (secret) => first.tell('changed', secret),
      onRotation: (report) => first.tell('rotated', report),
      onCall: tellsCalls ? (report) => first.tell('called', report) : () => undefined,
      log: (problem) => first.tell('problem', problem),
      // Each knows what the other may not: its own failed writes, and the damage that any thread has met.
      ready: async () => (await writer.ready()) && first.call('ready', undefined),
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

/** To PostgreSQL, for reading, of all threads; each has one at least. */
const maxConnections = 8
