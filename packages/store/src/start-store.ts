import { isLoopback } from '@keyplane/http'
import { type Clock, type Random, SecretsError, systemClock, systemRandom, toSecretsError } from '@keyplane/core'
import type { Reader } from '@keyplane/database'
import { deriveStoreKey, type RootKey, type RootKeySource } from '@keyplane/sealing'
import { type CallReport, type StoreProblem, storeApp } from './app.ts'
import { SecretAccess } from './access/secret-access.ts'
import { SecretFactsCache } from './access/secret-facts-cache.ts'
import { authenticateAnybody } from './authenticate.ts'
import { ClockWatch } from './clock-watch.ts'
import { type Listening, listen } from './http/listen.ts'
import { Callers } from './iam/callers.ts'
import type { Iam } from './iam/identity.ts'
import { SessionTokens } from './iam/session-tokens.ts'
import { KmsKeys } from './kms/kms-keys.ts'
import { Metrics, type ProcessFacts } from './metrics.ts'
import { Readiness } from './readiness.ts'
import { Refusals } from './audit/refusals.ts'
import { RowIds } from './secretsmanager/row-ids.ts'
import { SecretQuota } from './secretsmanager/secret-quota.ts'
import { SerialQueue } from './serial-queue.ts'
import { FollowedRootKey } from './storage/follow-root-key.ts'
import { kmsKeysTable } from './storage/kms-keys-table.ts'
import { openStorage } from './storage/open-storage.ts'
import { openStoreWriter } from './storage/open-store-writer.ts'
import { policiesTable } from './storage/policies-table.ts'
import { replicasTable } from './storage/replicas-table.ts'
import { listSecretRows } from './storage/secrets-listing.ts'
import { type SecretsTable, secretsTable } from './storage/secrets-table.ts'
import type { StoreDatabase } from './storage/store-database.ts'
import type { StoreRow, StoreTables } from './storage/tables.ts'
import { versionsTable } from './storage/versions-table.ts'
import { sweepGone } from './sweep.ts'

/** The SQLite file is made with its folder if it is not there; a PostgreSQL database has to be there, and may be empty. */
export type StoreOptions = StoreDatabase & StoreSettings

export interface StoreSettings {
  readonly rootKey: RootKeySource
  /** Who may call, and do what; a function gives it as it is at the moment of a call. */
  readonly iam: Iam | (() => Iam)
  /** Loopback only: there is no TLS. Default 127.0.0.1. */
  readonly host?: string
  /** 0 takes a free one. */
  readonly port: number
  /** Takes every call, signed or not, for one of this account's root user: for tests on one's own machine. */
  readonly insecureNoAuth?: { readonly account: string }
  readonly clock?: Clock
  readonly random?: Random
  /** After a change of a secret was acknowledged by the disk. */
  readonly onChange?: (secret: { readonly arn: string; readonly name: string }) => void
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
 * @throws SecretsError `config_invalid` for a host that is not loopback; what `openStorage` says; `unavailable` for a
 * port that is taken.
 */
export const startStore = async (options: StoreOptions): Promise<RunningStore> => {
  const { host = '127.0.0.1', clock = systemClock, random = systemRandom } = options
  if (!isLoopback(host))
    throw new SecretsError(
      'config_invalid',
      `The store has no TLS and listens on loopback only, not on ${JSON.stringify(host)}.`,
    )
  const { rootKey: source } = options
  const { reader, store, rootKey, auditKey } = await openStorage(options, {
    rootKey: source,
    nowMs: clock.nowMs(),
    random,
  })
  let writer: Readiness | undefined
  try {
    writer = new Readiness(await openStoreWriter(options, { auditKey, clock, random }), clock)
    return await serveStore(options, { host, clock, random, reader, writer, store, rootKey })
  } catch (error) {
    await writer?.close()
    await reader.close()
    throw error
  }
}

interface Opened {
  readonly host: string
  readonly clock: Clock
  readonly random: Random
  readonly reader: Reader<StoreTables>
  readonly writer: Readiness
  readonly store: StoreRow
  readonly rootKey: RootKey
}

const sessionKeyOf = (rootKey: RootKey, { id, root_key_check }: StoreRow): Promise<Uint8Array> =>
  deriveStoreKey(rootKey, { storeId: id, check: root_key_check, purpose: 'keyplane-session-1' })

const serveStore = async (options: StoreOptions, opened: Opened): Promise<RunningStore> => {
  const { host, clock, random, reader, writer, store, rootKey } = opened
  const { iam, insecureNoAuth } = options
  const secrets = secretsTable(reader)
  const followed = new FollowedRootKey({ reader, source: options.rootKey, store, rootKey })
  const log = options.log ?? (() => undefined)
  const onChange = guarded(options.onChange, log)
  const refusals = new Refusals({ writer, clock, random })
  const policies = policiesTable(reader)
  const sessionTokens = new SessionTokens(await sessionKeyOf(rootKey, store), random)
  const metrics = new Metrics()
  const told = guarded(options.onCall, log)
  const app = storeApp({
    refusals,
    secrets,
    versions: versionsTable(reader),
    policies,
    replicas: replicasTable(reader),
    listing: (query) => listSecretRows(reader, query),
    kmsKeys: new KmsKeys({
      table: kmsKeysTable(reader),
      writer: followed.guard(writer),
      rootKey: followed,
      clock,
      random,
    }),
    quota: new SecretQuota({ secrets, clock }),
    queue: new SerialQueue(),
    rowIds: new RowIds(),
    callers: new Callers(typeof iam === 'function' ? iam : () => iam, sessionTokens),
    sessionTokens,
    access: new SecretAccess({ secrets, facts: new SecretFactsCache({ secrets, policies }) }),
    ...(insecureNoAuth && { authenticate: authenticateAnybody(insecureNoAuth.account) }),
    onCall: (report) => {
      metrics.note(report)
      told(report)
    },
    onProblem: (problem) => {
      writer.noteFailure(problem)
      log(problem)
    },
    writer,
    clock,
    random,
    onChange,
  })
  const server = await listenOn({
    host,
    port: options.port,
    app,
    clock,
    ready: () => writer.ready(),
    metrics: async () => metrics.text(await processFacts(writer)),
  })
  const stopSweeping = sweepRegularly(
    { clockWatch: new ClockWatch(clock), secrets, writer, clock, random, onChange },
    log,
  )
  return running({ ...opened, server, secrets, refusals, stopSweeping })
}

const processFacts = async (writer: Readiness): Promise<ProcessFacts> => {
  const { user, system } = process.cpuUsage()
  return {
    ready: await writer.ready(),
    memoryBytes: process.memoryUsage.rss(),
    cpuSeconds: (user + system) / 1_000_000,
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

const listenOn = async (options: Parameters<typeof listen>[0]): Promise<Listening> => {
  try {
    return await listen(options)
  } catch (cause) {
    const taken = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE'
    const why = taken ? 'is in use; give another' : 'cannot be listened on'
    throw new SecretsError('unavailable', `Port ${options.port} of ${options.host} ${why}.`, { reason: 'port', cause })
  }
}

interface Running extends Opened {
  readonly server: Listening
  readonly secrets: SecretsTable
  readonly refusals: Refusals
  readonly stopSweeping: () => Promise<void>
}

const running = ({ host, server, secrets, refusals, clock, reader, writer, stopSweeping }: Running): RunningStore => {
  const end = async (): Promise<void> => {
    await server.close()
    await stopSweeping()
    await refusals.close()
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
