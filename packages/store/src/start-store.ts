import { isLoopback } from '@keyplane/http'
import { type Clock, type Random, SecretsError, systemClock, systemRandom, toSecretsError } from '@keyplane/core'
import type { SharedWriter } from '@keyplane/database'
import { type RotationCalendar, rotationSchedule } from '@keyplane/rotation'
import type { RootKeySource } from '@keyplane/sealing'
import type { CallReport, StoreProblem } from './app.ts'
import { ClockWatch } from './clock-watch.ts'
import type { Listening } from './http/listen.ts'
import { currentIam, type Iam, type LiveIam } from './iam/identity.ts'
import { Metrics } from './metrics.ts'
import type { OpenedStore } from './opened-store.ts'
import { Readiness } from './readiness.ts'
import type { FunctionsEndpoint } from './rotation/rotation-functions.ts'
import type { RotationReport } from './rotation/rotation-report.ts'
import { serveStore } from './serve-store.ts'
import { FollowedRootKey } from './storage/follow-root-key.ts'
import { openStorage } from './storage/open-storage.ts'
import { openStoreWriter } from './storage/open-store-writer.ts'
import { stillSameFile } from './storage/same-file.ts'
import { secretRotationsTable } from './storage/secret-rotations-table.ts'
import { type SecretsTable, secretsTable } from './storage/secrets-table.ts'
import { databaseOf, type StoreDatabase } from './storage/store-database.ts'
import { storeFacts } from './store-facts.ts'
import { sweepGone, sweepRotations } from './sweep.ts'
import { serveByThreads, type ThreadsOptions } from './threads/serve-by-threads.ts'

/** The SQLite file is made with its folder if it is not there; a PostgreSQL database has to be there, and may be empty. */
export type StoreOptions = StoreDatabase & StoreSettings

export interface StoreSettings {
  readonly rootKey: RootKeySource
  /** Who may call, and do what. */
  readonly iam: Iam | LiveIam
  /** Loopback only: there is no TLS. Default 127.0.0.1. */
  readonly host?: string
  /** 0 takes a free one. */
  readonly port: number
  /**
   * Threads that answer calls, 1 to 64: each takes its share of the connections and works with the system's clock. More
   * than one where the system lets them share a port: Linux. Default: none, and the caller's thread answers.
   */
  readonly threads?: number
  /** Takes every call, signed or not, for one of this account's root user: for tests on one's own machine. */
  readonly insecureNoAuth?: { readonly account: string }
  /** Where rotation functions are invoked: AWS Lambda, or what speaks its Invoke API. Default: there are none. */
  readonly functions?: FunctionsEndpoint
  /**
   * When scheduled rotations begin, beside their schedules: `timeZone` (default UTC, as AWS's), `jitterMs` (a delay up to
   * that, half of a window at most; default 0), `blackouts` (days on which none begins; default none).
   */
  readonly rotationCalendar?: RotationCalendar
  readonly clock?: Clock
  readonly random?: Random
  /** After a change of a secret was acknowledged by the disk. */
  readonly onChange?: (secret: { readonly arn: string; readonly name: string }) => void
  /** After each step of a rotation, also one that failed; after each trial, and with each alert. */
  readonly onRotation?: (report: RotationReport) => void
  /** After each call. */
  readonly onCall?: (report: CallReport) => void
  /** What went wrong inside. */
  readonly log?: (problem: StoreProblem) => void
}

export interface RunningStore {
  readonly port: number
  readonly url: string
  /** Secrets that are there, those that wait for their deletion included. */
  countSecrets(): Promise<number>
  /** Answers the calls under way, writes what was accepted, then ends. */
  close(): Promise<void>
}

const sweepEveryMs = 60_000

/**
 * Starts a store: opens its database and root key, then serves the AWS Secrets Manager API.
 * @throws SecretsError `config_invalid` for a host that is not loopback, a number of threads out of range, or a calendar that is none; what
 * `openStorage` says; `unavailable` for a port that is taken.
 */
export const startStore = async (options: StoreOptions): Promise<RunningStore> => {
  const { host = '127.0.0.1', clock = systemClock, random = systemRandom, threads = 0 } = options
  if (!isLoopback(host))
    throw new SecretsError(
      'config_invalid',
      `The store has no TLS and listens on loopback only, not on ${JSON.stringify(host)}.`,
    )
  if (!Number.isInteger(threads) || threads < 0 || threads > 64)
    throw new SecretsError('config_invalid', `A store has 0 to 64 threads, not ${threads}.`)
  requireCalendar(options.rotationCalendar)
  const { reader, store, rootKey, auditKey } = await openStorage(options, {
    rootKey: options.rootKey,
    nowMs: clock.nowMs(),
    random,
  })
  let storeWriter: SharedWriter | undefined
  try {
    storeWriter = await openStoreWriter(options, { auditKey, clock, random })
    const followed = new FollowedRootKey({ reader, source: options.rootKey, store, rootKey })
    const isSameFile = await stillSameFile(options)
    const writer = new Readiness(storeWriter, clock, async () => {
      await followed.follow()
      return isSameFile()
    })
    return await run(options, host, { clock, random, reader, writer, storeWriter, store, rootKey })
  } catch (error) {
    await storeWriter?.close()
    await reader.close()
    throw error
  }
}

/** @throws SecretsError `config_invalid` */
const requireCalendar = (calendar: RotationCalendar = {}): void => {
  rotationSchedule({ ...calendar, expression: 'rate(1 day)', secretId: '', anchorMs: 0 })
}

const run = async (options: StoreOptions, host: string, opened: OpenedStore): Promise<RunningStore> => {
  const { clock, random, reader, writer } = opened
  const { rootKey, iam, port, insecureNoAuth, threads = 0 } = options
  const log = unfailing(options.log)
  const onChange = guarded(options.onChange, log)
  const serving = {
    host,
    port,
    rootKey,
    iam,
    ...(insecureNoAuth && { insecureNoAuth }),
    ...(options.functions && { functions: options.functions }),
    ...(options.rotationCalendar && { rotationCalendar: options.rotationCalendar }),
    onChange,
    onRotation: guarded(options.onRotation, log),
    ...(options.onCall && { onCall: guarded(options.onCall, log) }),
    log,
  }
  const server =
    threads === 0
      ? await serveHere(serving, opened)
      : await serveByThreads({ ...serving, threads, database: databaseOf(options) }, opened)
  const secrets = secretsTable(reader)
  const rotations = secretRotationsTable(reader)
  const parts = { clockWatch: new ClockWatch(clock), secrets, rotations, writer, clock, random, onChange }
  return running({ ...opened, host, server, secrets, stopSweeping: sweepRegularly(parts, log) })
}

/** In this thread. */
const serveHere = (
  { host, port, rootKey, iam, onCall = () => undefined, ...options }: Omit<ThreadsOptions, 'threads' | 'database'>,
  opened: OpenedStore,
): Promise<Listening> => {
  const metrics = new Metrics()
  return serveStore({
    ...options,
    ...opened,
    onCall,
    listenAt: { host, port },
    rootKeySource: rootKey,
    iam: () => currentIam(iam),
    ready: () => opened.writer.ready(),
    metrics,
    metricsText: async () => metrics.text(await storeFacts(opened)),
  })
}

/** A log that fails must not fail what it is told of. */
const unfailing =
  (log: (problem: StoreProblem) => void = () => undefined) =>
  (problem: StoreProblem): void => {
    try {
      log(problem)
    } catch {
      // There is nobody left to tell.
    }
  }

/** A listener's failure is its own: the call that it is told of was answered already. */
const guarded =
  <Event>(listener: ((event: Event) => void) | undefined, log: (problem: StoreProblem) => void) =>
  (event: Event): void => {
    try {
      listener?.(event)
    } catch {
      log({ requestId: '', code: 'internal', message: 'A listener of the store failed.' })
    }
  }

interface Running extends OpenedStore {
  readonly host: string
  readonly server: Listening
  readonly secrets: SecretsTable
  readonly stopSweeping: () => Promise<void>
}

const running = ({ host, server, secrets, clock, reader, writer, stopSweeping }: Running): RunningStore => {
  const end = async (): Promise<void> => {
    await server.close()
    await stopSweeping()
    await writer.close()
    await reader.close()
  }
  let ended: Promise<void> | undefined
  return Object.freeze({
    port: server.port,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${server.port}`,
    countSecrets: () => secrets.count(clock.nowMs()),
    close: () => (ended ??= end()),
  })
}

const sweepRegularly = (
  parts: Parameters<typeof sweepGone>[0],
  log: (problem: StoreProblem) => void,
): (() => Promise<void>) => {
  let stopped = false
  let under = Promise.resolve()
  const sweep = async (): Promise<void> => {
    try {
      await sweepGone(parts)
      await sweepRotations(parts)
    } catch (error) {
      const { code, message } = toSecretsError(error)
      log({ requestId: '', code, message })
    }
    if (!stopped) timer = parts.clock.after(sweepEveryMs, again)
  }
  const again = (): void => {
    under = sweep()
  }
  let timer = parts.clock.after(sweepEveryMs, again)
  return async () => {
    stopped = true
    timer.cancel()
    await under
  }
}
