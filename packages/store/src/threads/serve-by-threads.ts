import { createServer } from 'node:net'
import { Worker } from 'node:worker_threads'
import { toSecretsError } from '@keyplane/core'
import type { RootKeySource } from '@keyplane/sealing'
import type { CallReport, StoreProblem } from '../app.ts'
import { cannotListen } from '../http/cannot-listen.ts'
import type { Listening } from '../http/listen.ts'
import { currentIam, type Iam, type LiveIam } from '../iam/identity.ts'
import { Metrics } from '../metrics.ts'
import type { OpenedStore } from '../opened-store.ts'
import { processFacts } from '../process-facts.ts'
import type { ListenAt } from '../serve-store.ts'
import type { StoreDatabase } from '../storage/store-database.ts'
import type { AnsweringThread, FirstThread, ThreadStart } from './contract.ts'
import { RootKeyLender } from './lent-root-key.ts'
import { type Calls, portCalls } from './port-calls.ts'

export interface ThreadsOptions {
  readonly threads: number
  readonly host: string
  readonly port: number
  readonly database: StoreDatabase
  readonly rootKey: RootKeySource
  readonly iam: Iam | LiveIam
  readonly insecureNoAuth?: { readonly account: string }
  readonly onChange: (secret: { readonly arn: string; readonly name: string }) => void
  /** Absent: nobody wants to know. */
  readonly onCall?: (report: CallReport) => void
  readonly log: (problem: StoreProblem) => void
}

/** Systems that spread the connections to one port over several that listen on it. */
const sharesPorts = process.platform === 'linux' || process.platform === 'freebsd'

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

interface Thread {
  readonly worker: Worker
  readonly calls: Calls<AnsweringThread>
  readonly exited: Promise<void>
}

/** A thread that ends at once is not started in a circle. */
const restartAfterMs = 1_000
/** What a thread has, after its last answer, to end by itself. */
const endWithinMs = 2_000

class AnsweringThreads {
  readonly #options: ThreadsOptions
  readonly #opened: OpenedStore
  readonly #lender: RootKeyLender
  readonly #start: Omit<ThreadStart, 'iam' | 'listenAt' | 'writerPort'>
  readonly #threads = new Set<Thread>()
  readonly #procedures: FirstThread
  readonly #unfollow: () => void
  #listenAt: Required<ListenAt>
  #closing = false

  constructor(options: ThreadsOptions, opened: OpenedStore) {
    this.#options = options
    this.#opened = opened
    const { host, port, threads, database, rootKey, insecureNoAuth, onChange, onCall, log, iam } = options
    const { store } = opened
    this.#lender = new RootKeyLender(rootKey)
    this.#listenAt = { host, port, sharedBy: sharesPorts ? threads : 1 }
    this.#start = {
      database,
      store,
      rootKey: this.#lender.lend(opened.rootKey),
      rootKeySource: rootKey.name,
      ...(insecureNoAuth && { insecureNoAuth }),
      tellsCalls: onCall !== undefined,
    }
    this.#procedures = {
      ...this.#lender.procedures,
      changed: onChange,
      called: (report) => onCall?.(report),
      problem: log,
      metricsText: () => this.#metricsText(),
    }
    const tell = (): void => {
      for (const { calls } of this.#threads) calls.tell('setIam', currentIam(iam))
    }
    this.#unfollow = 'current' in iam ? iam.onChange(tell) : () => undefined
  }

  /** Gives the port that all of them listen on. */
  async start(): Promise<number> {
    const { host, port, sharedBy } = this.#listenAt
    // Among those that share a port, another program of the same user would be let in silently.
    if (sharedBy > 1 && port !== 0) await requireFree(host, port)
    this.#listenAt = { host, port: await this.#run(), sharedBy }
    await Promise.all(Array.from({ length: sharedBy - 1 }, () => this.#run()))
    return this.#listenAt.port
  }

  async close(): Promise<void> {
    this.#closing = true
    this.#unfollow()
    await Promise.all([...this.#threads].map(endThread))
  }

  /** Starts a thread, and gives the port that it listens on. */
  async #run(): Promise<number> {
    const thread = this.#spawn()
    this.#threads.add(thread)
    try {
      const port = await thread.calls.call('start', undefined)
      void thread.exited.then(() => this.#replace(thread))
      return port
    } catch (error) {
      this.#threads.delete(thread)
      await thread.worker.terminate()
      throw error
    }
  }

  #spawn(): Thread {
    const writerPort = this.#opened.storeWriter.connect()
    const iam = currentIam(this.#options.iam)
    const start: ThreadStart = { ...this.#start, iam, listenAt: this.#listenAt, writerPort }
    const worker = new Worker(threadModule, {
      workerData: start,
      transferList: [writerPort],
      execArgv: threadModule.pathname.endsWith('.ts') ? ['-C', 'source', '--disable-warning=ExperimentalWarning'] : [],
      resourceLimits: { maxYoungGenerationSizeMb },
    })
    worker.on('error', (error) => this.#options.log(threadFailed(error)))
    const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
    return { worker, exited, calls: portCalls<AnsweringThread>(worker, this.#procedures) }
  }

  #replace(thread: Thread): void {
    this.#threads.delete(thread)
    if (!this.#closing) this.#opened.clock.after(restartAfterMs, () => void this.#restart())
  }

  async #restart(): Promise<void> {
    if (this.#closing) return
    try {
      await this.#run()
    } catch (error) {
      const { code, message } = toSecretsError(error)
      this.#options.log({ requestId: '', code, message })
      this.#opened.clock.after(restartAfterMs, () => void this.#restart())
    }
  }

  async #metricsText(): Promise<string> {
    const states = [...this.#threads].map(({ calls }) => calls.call('metrics', undefined))
    // A thread that ends meanwhile has nothing to tell any more.
    const told = (await Promise.allSettled(states)).flatMap((state) =>
      state.status === 'fulfilled' ? [state.value] : [],
    )
    return Metrics.of(told).text(await processFacts(this.#opened.writer))
  }
}

/**
 * Room for what the calls of a moment leave behind: with V8's own 16 MB much of it is still in use when the room is full,
 * and is copied.
 */
const maxYoungGenerationSizeMb = 96

/** Beside this module, from source as well as built. */
const threadModule = new URL(`./answering-thread.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url)

const endThread = async ({ worker, calls, exited }: Thread): Promise<void> => {
  // One that has ended already has nothing to close.
  await calls.call('close', undefined).catch(() => undefined)
  const late = setTimeout(() => void worker.terminate(), endWithinMs)
  await exited
  clearTimeout(late)
}

const threadFailed = (error: unknown): StoreProblem => {
  const { code, message } = toSecretsError(error)
  const why = error instanceof Error ? error.name : message
  return { requestId: '', code, message: `A thread that answers calls ended (${why}); another takes its place.` }
}

const requireFree = async (host: string, port: number): Promise<void> => {
  const probe = createServer()
  await new Promise<void>((resolve, reject) => {
    probe.once('error', (cause) => reject(cannotListen(host, port, cause)))
    probe.listen(port, host, resolve)
  })
  await new Promise((resolve) => probe.close(resolve))
}
