import { toSecretsError } from '@keyplane/core'
import type { RootKeySource } from '@keyplane/sealing'
import type { CallReport, StoreProblem } from '../app.ts'
import type { Listening } from '../http/listen.ts'
import { currentIam, type Iam, type LiveIam } from '../iam/identity.ts'
import { Metrics, type MetricsState } from '../metrics.ts'
import type { OpenedStore } from '../opened-store.ts'
import type { RotationCalendar } from '@keyplane/rotation'
import type { FunctionsEndpoint } from '../rotation/rotation-functions.ts'
import type { RotationReport } from '../rotation/rotation-report.ts'
import type { ListenAt } from '../serve-store.ts'
import type { StoreDatabase } from '../storage/store-database.ts'
import { storeFacts } from '../store-facts.ts'
import { AnsweringWorker } from './answering-worker.ts'
import type { FirstThread, ThreadStart } from './contract.ts'
import { RootKeyLender } from './lent-root-key.ts'
import { holdPort, sharesPorts } from './shared-port.ts'

export interface ThreadsOptions {
  readonly threads: number
  readonly host: string
  readonly port: number
  readonly database: StoreDatabase
  readonly rootKey: RootKeySource
  readonly iam: Iam | LiveIam
  readonly insecureNoAuth?: { readonly account: string }
  readonly functions?: FunctionsEndpoint
  readonly rotationCalendar?: RotationCalendar
  readonly onChange: (secret: { readonly arn: string; readonly name: string }) => void
  readonly onRotation: (report: RotationReport) => void
  /** Absent: nobody wants to know. */
  readonly onCall?: (report: CallReport) => void
  readonly log: (problem: StoreProblem) => void
}

/** Serves an opened store by threads of their own, each started again where it ends by itself. */
export const serveByThreads = async (options: ThreadsOptions, opened: OpenedStore): Promise<Listening> => {
  const threads = new AnsweringThreads(options, opened)
  try {
    return { port: await threads.start(), close: () => threads.close() }
  } catch (error) {
    await threads.close()
    throw error
  }
}

/** A thread that ends at once is not started in a circle. */
const restartAfterMs = 1_000

class AnsweringThreads {
  readonly #options: ThreadsOptions
  readonly #opened: OpenedStore
  readonly #start: Omit<ThreadStart, 'iam' | 'listenAt' | 'writerPort'>
  readonly #threads = new Set<AnsweringWorker>()
  readonly #procedures: FirstThread
  /** What those have counted that have ended. */
  #gone: MetricsState = new Metrics().state()
  #unfollow: () => void = () => undefined
  #releasePort: () => Promise<void> = async () => undefined
  #listenAt: Required<ListenAt>
  #closing = false

  constructor(options: ThreadsOptions, opened: OpenedStore) {
    const { host, port, threads, database, rootKey, insecureNoAuth, functions, rotationCalendar, onCall } = options
    const lender = new RootKeyLender(rootKey)
    this.#options = options
    this.#opened = opened
    this.#listenAt = { host, port, sharedBy: sharesPorts ? threads : 1 }
    this.#start = {
      database,
      store: opened.store,
      rootKey: lender.lend(opened.rootKey),
      rootKeySource: rootKey.name,
      ...(insecureNoAuth && { insecureNoAuth }),
      ...(functions && { functions }),
      ...(rotationCalendar && { rotationCalendar }),
      tellsCalls: onCall !== undefined,
    }
    this.#procedures = {
      ...lender.procedures,
      changed: options.onChange,
      rotated: options.onRotation,
      called: (report) => onCall?.(report),
      problem: (problem) => {
        // Damage that one thread has met is there for all of them.
        opened.writer.noteFailure(problem)
        options.log(problem)
      },
      ready: () => opened.writer.ready(),
      metricsText: () => this.#metricsText(),
    }
  }

  /** Gives the port that all of them listen on. */
  async start(): Promise<number> {
    const { host, port, sharedBy } = this.#listenAt
    const { iam } = this.#options
    if ('current' in iam)
      this.#unfollow = iam.onChange(() => {
        for (const thread of this.#threads) thread.setIam(iam.current())
      })
    if (sharedBy > 1 && port !== 0) this.#releasePort = await holdPort(host, port)
    this.#listenAt = { host, port: await this.#run(), sharedBy }
    await Promise.all(Array.from({ length: sharedBy - 1 }, () => this.#run()))
    return this.#listenAt.port
  }

  async close(): Promise<void> {
    this.#closing = true
    this.#unfollow()
    await Promise.all([...this.#threads].map((thread) => thread.close()))
    await this.#releasePort()
  }

  /** Starts a thread, and gives the port that it listens on. */
  async #run(): Promise<number> {
    const thread = new AnsweringWorker(
      {
        ...this.#start,
        iam: currentIam(this.#options.iam),
        listenAt: this.#listenAt,
        writerPort: this.#opened.storeWriter.connect(),
      },
      this.#procedures,
    )
    this.#threads.add(thread)
    try {
      const port = await thread.start()
      void thread.ended.then((reason) => this.#replace(thread, reason))
      return port
    } catch (error) {
      this.#threads.delete(thread)
      throw error
    }
  }

  async #replace(thread: AnsweringWorker, reason: string): Promise<void> {
    this.#gone = Metrics.of([this.#gone, await thread.metrics()]).state()
    this.#threads.delete(thread)
    if (this.#closing) return
    this.#tell('internal', `A thread that answers calls ended (${reason}); another takes its place.`)
    this.#restartLater()
  }

  #restartLater(): void {
    this.#opened.clock.after(restartAfterMs, () => void this.#restart())
  }

  async #restart(): Promise<void> {
    if (this.#closing) return
    try {
      await this.#run()
    } catch (error) {
      const { code, message } = toSecretsError(error)
      this.#tell(code, message)
      this.#restartLater()
    }
  }

  #tell(code: string, message: string): void {
    this.#options.log({ requestId: '', code, message })
  }

  async #metricsText(): Promise<string> {
    // Both as they are at this moment: one that ends meanwhile is counted among the threads.
    const [gone, threads] = [this.#gone, [...this.#threads]]
    const states = await Promise.all(threads.map((thread) => thread.metrics()))
    return Metrics.of([gone, ...states]).text(await storeFacts(this.#opened))
  }
}
