import type { MessagePort } from 'node:worker_threads'
import type { RotationCalendar } from '@keyplane/rotation'
import type { CallReport, StoreProblem } from '../app.ts'
import type { Iam } from '../iam/identity.ts'
import type { MetricsState } from '../metrics.ts'
import type { FunctionsEndpoint } from '../rotation/rotation-functions.ts'
import type { RotationReport } from '../rotation/rotation-report.ts'
import type { ListenAt } from '../serve-store.ts'
import type { StoreDatabase } from '../storage/store-database.ts'
import type { StoreRow } from '../storage/tables.ts'
import type { LentKey, RootKeyProcedures } from './lent-root-key.ts'

/** What a thread that answers calls is started with. */
export interface ThreadStart {
  readonly database: StoreDatabase
  readonly store: StoreRow
  /** To the one writer of the store. */
  readonly writerPort: MessagePort
  readonly rootKey: LentKey
  /** The name of the source that it came from. */
  readonly rootKeySource: string
  readonly iam: Iam
  readonly listenAt: ListenAt
  readonly insecureNoAuth?: { readonly account: string }
  readonly functions?: FunctionsEndpoint
  readonly rotationCalendar?: RotationCalendar
  /** Whether somebody wants to be told of each call. */
  readonly tellsCalls: boolean
}

/** What the first thread does for those that answer. */
export type FirstThread = RootKeyProcedures & {
  readonly changed: (secret: { readonly arn: string; readonly name: string }) => void
  readonly called: (report: CallReport) => void
  readonly rotated: (report: RotationReport) => void
  readonly problem: (problem: StoreProblem) => void
  /** Whether the store can answer, as far as the first thread knows. */
  readonly ready: () => Promise<boolean>
  /** Of all threads. */
  readonly metricsText: () => Promise<string>
}

/** What a thread that answers does for the first. */
export type AnsweringThread = {
  /** Opens what it needs and listens; gives the port. */
  readonly start: () => Promise<number>
  readonly setIam: (iam: Iam) => void
  readonly metrics: () => MetricsState
  /** Answers the calls under way, and ends. */
  readonly close: () => Promise<void>
}
