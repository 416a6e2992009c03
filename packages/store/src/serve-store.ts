import type { Clock, Random } from '@keyplane/core'
import type { Reader } from '@keyplane/database'
import type { RotationCalendar } from '@keyplane/rotation'
import { deriveStoreKey, type RootKey, type RootKeySource } from '@keyplane/sealing'
import { SecretAccess } from './access/secret-access.ts'
import { SecretFactsCache } from './access/secret-facts-cache.ts'
import { type AppParts, type CallReport, type StoreProblem, storeApp } from './app.ts'
import { Refusals } from './audit/refusals.ts'
import { authenticateAnybody } from './authenticate.ts'
import { type Listening, listen, type ListenOptions } from './http/listen.ts'
import { Callers } from './iam/callers.ts'
import type { Iam } from './iam/identity.ts'
import { SessionTokens } from './iam/session-tokens.ts'
import { KmsKeys } from './kms/kms-keys.ts'
import type { Metrics } from './metrics.ts'
import type { Readiness } from './readiness.ts'
import { RowIds } from './secretsmanager/row-ids.ts'
import { SecretQuota } from './secretsmanager/secret-quota.ts'
import { VersionCache } from './secretsmanager/versions/version-cache.ts'
import { SerialQueue } from './serial-queue.ts'
import { FollowedRootKey } from './storage/follow-root-key.ts'
import { kmsKeysTable } from './storage/kms-keys-table.ts'
import { policiesTable } from './storage/policies-table.ts'
import { replicasTable } from './storage/replicas-table.ts'
import { type ListQuery, listSecretRows } from './storage/secrets-listing.ts'
import { nobody } from './rotation/administered.ts'
import { StoreRotations } from './rotation/store-rotations.ts'
import type { FunctionsEndpoint } from './rotation/rotation-functions.ts'
import type { RotationReport } from './rotation/rotation-report.ts'
import { secretRotationsTable } from './storage/secret-rotations-table.ts'
import { secretsTable } from './storage/secrets-table.ts'
import type { StoreRow, StoreTables } from './storage/tables.ts'
import { versionsTable } from './storage/versions-table.ts'

/** Where a store listens. */
export type ListenAt = Pick<ListenOptions, 'host' | 'port' | 'sharedBy'>

/** An opened store, and who wants to know what becomes of its calls. */
export interface ServeOptions {
  readonly listenAt: ListenAt
  readonly reader: Reader<StoreTables>
  readonly writer: Readiness
  readonly store: StoreRow
  readonly rootKey: RootKey
  /** Opens the root key anew where it was changed. */
  readonly rootKeySource: RootKeySource
  /** As configured at this moment. */
  readonly iam: () => Iam
  readonly insecureNoAuth?: { readonly account: string }
  /** Where rotation functions are invoked. Default: there are none. */
  readonly functions?: FunctionsEndpoint
  /** When scheduled rotations begin. Default: in UTC, without delays, on all days. */
  readonly rotationCalendar?: RotationCalendar
  readonly onChange: (secret: { readonly arn: string; readonly name: string }) => void
  readonly onRotation: (report: RotationReport) => void
  readonly onCall: (report: CallReport) => void
  readonly log: (problem: StoreProblem) => void
  /** Whether calls can be answered. */
  readonly ready: () => Promise<boolean>
  /** Notes each call, and each step, trial and alert of rotations. */
  readonly metrics: Metrics
  /** What `/metrics` answers. */
  readonly metricsText: () => Promise<string>
  readonly clock: Clock
  readonly random: Random
}

/** Answers calls of an opened store over HTTP. Closing it leaves the reader and the writer open. */
export const serveStore = async (options: ServeOptions): Promise<Listening> => {
  const { writer, clock, random } = options
  const parts = await operationParts(options)
  const refusals = new Refusals({ writer, clock, random, sharedBy: options.listenAt.sharedBy ?? 1 })
  const server = await listen({
    ...options.listenAt,
    app: storeApp({ ...parts, ...callParts(options), refusals }),
    clock,
    ready: options.ready,
    metrics: options.metricsText,
  })
  parts.rotating.wake()
  return {
    port: server.port,
    close: async () => {
      // At once: a step that calls back would wait for a server that waits for it.
      await Promise.all([server.close(), parts.rotating.stop()])
      await refusals.close()
    },
  }
}

const sessionKeyOf = (rootKey: RootKey, { id, root_key_check }: StoreRow): Promise<Uint8Array> =>
  deriveStoreKey(rootKey, { storeId: id, check: root_key_check, purpose: 'keyplane-session-1' })

type CallParts = Pick<AppParts, 'authenticate' | 'writer' | 'clock' | 'onCall' | 'onProblem'>

/** What a call's life needs: see `storeApp`. */
const callParts = ({ writer, clock, insecureNoAuth, onCall, log, metrics }: ServeOptions): CallParts => ({
  ...(insecureNoAuth && { authenticate: authenticateAnybody(insecureNoAuth.account) }),
  writer,
  clock,
  onCall: (report) => {
    metrics.note(report)
    onCall(report)
  },
  onProblem: (problem) => {
    writer.noteFailure(problem)
    log(problem)
  },
})

type OperationParts = Omit<AppParts, keyof CallParts | 'refusals' | 'rotating'> & { readonly rotating: StoreRotations }

/** What the operations work with. */
const operationParts = async (options: ServeOptions): Promise<OperationParts> => {
  const { reader, writer, store, rootKey, rootKeySource: source, iam, clock, random, onChange } = options
  const secrets = secretsTable(reader)
  const versions = versionsTable(reader)
  const policies = policiesTable(reader)
  const followed = new FollowedRootKey({ reader, source, store, rootKey })
  const sessionTokens = new SessionTokens(await sessionKeyOf(rootKey, store), random)
  const parts = {
    secrets,
    versions,
    rotations: secretRotationsTable(reader),
    labelled: new VersionCache(versions),
    policies,
    replicas: replicasTable(reader),
    listing: (query: ListQuery) => listSecretRows(reader, query),
    kmsKeys: new KmsKeys({ table: kmsKeysTable(reader), writer, rootKey: followed, clock, random }),
    quota: new SecretQuota({ secrets, clock }),
    queue: new SerialQueue(),
    rowIds: new RowIds(),
    callers: new Callers(iam, sessionTokens),
    sessionTokens,
    calendar: options.rotationCalendar ?? {},
    access: new SecretAccess({ secrets, facts: new SecretFactsCache({ secrets, policies }) }),
    random,
    onChange,
  }
  const never = {
    requireInvokable: async () => undefined,
    hasten: () => undefined,
    takeBack: async () => undefined,
    tryOut: () => undefined,
    administered: async () => nobody,
    wake: () => undefined,
  }
  const rotating: StoreRotations = new StoreRotations(
    { ...parts, rotating: never, clock, writer },
    {
      reader,
      ...(options.functions && { functions: options.functions }),
      onRotation: (report) => {
        options.metrics.noteRotation(report)
        options.onRotation(report)
      },
      onError: ({ code, message, reason }) =>
        options.log({ requestId: '', code, message, ...(reason !== undefined && { reason }) }),
    },
  )
  return { ...parts, rotating }
}
