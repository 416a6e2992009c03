import { SecretsError, toSecretsError } from '@keyplane/core'
import type { Reader } from '@keyplane/database'
import {
  databaseJournal,
  DueWork,
  type Rotation,
  type RotationEngine,
  type RotationJournal,
  type RotationTables,
  rotationEngine,
} from '@keyplane/rotation'
import type { PendingRotation } from '../storage/secret-rotations-table.ts'
import type { SecretRotationRow, StoreTables } from '../storage/tables.ts'
import type { Administered } from './administered.ts'
import { Administrators } from './administrators.ts'
import { isBuiltIn } from './built-in-rotators.ts'
import { functionRotator } from './function-rotator.ts'
import { anchorOf, nextRotationMs } from './next-rotation.ts'
import { rotationIdOf } from './noted-rotations.ts'
import type { Rotating } from './rotating.ts'
import { RotatedVersions } from './rotated-versions.ts'
import type { FunctionsEndpoint } from './rotation-functions.ts'
import { RotationNotes } from './rotation-notes.ts'
import type { RotationReport } from './rotation-report.ts'
import { RotationTrials } from './rotation-trials.ts'
import { askScheduled } from './scheduled-rotations.ts'
import { SecretFunctions } from './secret-functions.ts'
import { SecretRotators } from './secret-rotators.ts'
import type { ServiceCallParts } from './service-call.ts'
import { StoredVersions } from './stored-versions.ts'

export interface StoreRotationsOptions {
  readonly reader: Reader<StoreTables>
  /** Absent: only the store's own rotators. */
  readonly functions?: FunctionsEndpoint
  readonly onRotation: (report: RotationReport) => void
  readonly onError: (error: SecretsError) => void
}

/** How often it looks for what others have asked for: other threads, other processes. */
const everyMs = 60_000
/** The same while a rotation is under way. */
const busyMs = 5_000
/** AWS Lambda allows more, and AWS's functions need seconds. */
const stepMs = 60_000
/** A store that died is waited for so long: until then a credential may be refused that readers have. */
const leaseMs = 10_000
const atATime = 100
/** No step waits so long: its time was noted by a clock that was ahead. */
const tooLongMs = 3_600_000
const waitedMs = (ms: number): number => (ms < tooLongMs ? ms : 0)

/**
 * The rotations of a store: begins what was asked for and what is due, carries it on, and notes how it ended. Each thread of
 * each process runs one over the same database; a secret is rotated by one of them at a time.
 */
export class StoreRotations implements Rotating {
  readonly #parts: ServiceCallParts
  readonly #onError: (error: SecretsError) => void
  readonly #ending = new AbortController()
  readonly #versions: StoredVersions
  readonly #functions: SecretFunctions
  readonly #administrators: Administrators
  readonly #rotators: SecretRotators
  readonly #notes: RotationNotes
  readonly #trials: RotationTrials
  readonly #journal: RotationJournal
  readonly #engine: RotationEngine
  readonly #work: DueWork<PendingRotation>
  /** Of secrets: somebody waits for their rotations. */
  readonly #hastened = new Set<string>()

  constructor(parts: ServiceCallParts, { functions, reader, onRotation, onError }: StoreRotationsOptions) {
    const { clock, random, writer, rotations, secrets } = parts
    const versions = new StoredVersions(parts)
    this.#parts = parts
    this.#onError = onError
    this.#versions = versions
    this.#functions = new SecretFunctions({ ...parts, versions, endpoint: functions, ending: this.#ending.signal })
    this.#administrators = new Administrators(secrets, versions)
    const { step } = this.#functions
    const byFunction = functionRotator({ step, versions })
    this.#rotators = new SecretRotators({ rotations, random, byFunction, administrators: this.#administrators })
    this.#notes = new RotationNotes({ writer, clock, rotations, versions, onRotation, onError })
    this.#trials = new RotationTrials({
      rotations,
      random,
      versions,
      rotators: this.#rotators,
      functions: this.#functions,
      notes: this.#notes,
      ending: this.#ending.signal,
    })
    const tables = reader as unknown as Reader<RotationTables>
    const audit = this.#notes.recordsOf.bind(this.#notes)
    this.#journal = databaseJournal({ reader: tables, writer, clock, audit })
    this.#engine = rotationEngine({
      journal: this.#journal,
      versions: new RotatedVersions(versions, rotations, step),
      rotators: this.#rotators.all,
      clock,
      random,
      effectTimeoutMs: stepMs,
      leaseMs,
      observer: this.#notes,
    })
    this.#work = new DueWork({
      clock,
      find: async () => {
        await askScheduled({ ...parts, stored: versions, onError })
        return rotations.pending(atATime)
      },
      idOf: ({ secret_id }) => secret_id,
      // One that was cancelled is taken back before its time.
      waitMs: ({ secret_id, enabled, due_at_ms }) =>
        enabled === 1 && !this.#hastened.has(secret_id) ? waitedMs(due_at_ms - clock.nowMs()) : 0,
      act: async ({ secret_id }, ending) => this.#carryOn(await rotations.of(secret_id), ending),
      everyMs,
      afterFailureMs: busyMs,
      onError,
    })
  }

  /** As soon as there is something to do, and once in a while. */
  wake(): void {
    this.#work.wake()
  }

  /** Within seconds; what is under way is gone on with by whoever starts next. */
  async stop(): Promise<void> {
    await this.#work.stop()
    this.#ending.abort()
    await this.#trials.ended()
    await this.#notes.written()
  }

  requireInvokable(functionArn: string): Promise<void> {
    return this.#functions.requireInvokable(functionArn)
  }

  administered(secretId: string, functionArn: string): Promise<Administered> {
    return this.#administrators.of(secretId, functionArn)
  }

  tryOut(secretId: string): void {
    this.#trials.begin(secretId)
  }

  hasten(secretId: string): void {
    this.#hastened.add(secretId)
    this.wake()
  }

  async takeBack(secretId: string): Promise<void> {
    await this.#requestRollback(secretId)
    this.hasten(secretId)
  }

  async #requestRollback(secretId: string): Promise<void> {
    try {
      await this.#engine.requestRollback(secretId)
    } catch (error) {
      // It has ended, is too far, or is in the middle of a step: the next look sees that it was cancelled.
      const { code, reason } = toSecretsError(error)
      if (code !== 'unsupported' && code !== 'conflict' && reason !== 'damaged_record') throw error
    }
  }

  /** Begins what was asked for, goes on with it, and settles it once it has ended; says how soon to look again. */
  async #carryOn(row: SecretRotationRow | undefined, ending: AbortSignal): Promise<number> {
    if (!row || row.pending_version === null) return everyMs
    const { secret_id: secretId, pending_version: pendingVersion, function_arn, enabled } = row
    try {
      const known = (await this.#journal.load(secretId))?.rotation
      const rotationId = rotationIdOf(row)
      const rotator = this.#rotators.nameFor(row)
      const request = { secretId, rotator, pendingVersion, rotationId, adopts: !isBuiltIn(function_arn) }
      if (known?.rotationId !== rotationId && (await this.#engine.begin(request)).rotationId !== rotationId)
        return busyMs
      // Cancelled: taken back, unless it is too far.
      if (enabled === 0) await this.#requestRollback(secretId)
      const advance = await this.#engine.advance(secretId, ending, { atOnce: this.#hastened.delete(secretId) })
      if (advance.status === 'ended') return await this.#settle(row, advance.rotation)
      return advance.status === 'waiting' ? Math.max(0, advance.untilMs - this.#parts.clock.nowMs()) : busyMs
    } catch (error) {
      const { reason } = toSecretsError(error)
      if (reason === 'damaged_record' && enabled === 0) return await this.#abandon(row)
      // Somebody gave the version a value in the meantime: there is nothing to rotate to.
      if (reason === 'version_exists') return await this.#settle(row, undefined)
      if (reason !== 'lease_lost') this.#onError(await this.#named(secretId, toSecretsError(error)))
      return busyMs
    }
  }

  /** Ends one that was cancelled and whose record can't be read: how far it came is not known. */
  async #abandon(row: SecretRotationRow): Promise<number> {
    const { writer, rotations } = this.#parts
    await writer.write({ statements: [rotations.unrecord(row.secret_id)], audit: [] })
    const message = 'its damaged record was thrown away; which credential the target accepts is not known.'
    this.#onError(await this.#named(row.secret_id, new SecretsError('integrity', message, { reason: 'abandoned' })))
    return this.#settle(row, undefined)
  }

  /** The failure, with the name of whose it is. */
  async #named(secretId: string, cause: SecretsError): Promise<SecretsError> {
    const name = await this.#versions.known(secretId).then(
      ({ secret }) => secret.name,
      () => secretId,
    )
    const { code, reason, message } = cause
    return new SecretsError(code, `The rotation of ${JSON.stringify(name)}: ${message}`, {
      cause,
      ...(reason !== undefined && { reason }),
    })
  }

  async #settle(row: SecretRotationRow, ended: Rotation | undefined): Promise<number> {
    const { clock, writer, rotations, calendar, onChange } = this.#parts
    if (ended?.state === 'rolled-back') await this.#freeLabel(row, ended)
    const { secret } = await this.#versions.known(row.secret_id)
    const finishedAtMs = ended?.state === 'finished' ? ended.endedAtMs : undefined
    const counting = { anchorMs: finishedAtMs ?? anchorOf(row), afterMs: finishedAtMs ?? clock.nowMs() }
    const settled = {
      rotated_at_ms: finishedAtMs ?? row.rotated_at_ms,
      next_at_ms: row.enabled === 1 ? nextRotationMs(row, counting, { arn: secret.arn, calendar }) : null,
    }
    const outcome = await writer.write({ statements: [rotations.settle(row, settled)], audit: [] })
    if (outcome === 'committed') onChange({ arn: secret.arn, name: secret.name })
    return everyMs
  }

  /** A version that was asked for and never got a value waits for none any more; a function's stays, as at AWS. */
  async #freeLabel(
    { secret_id: secretId, function_arn }: SecretRotationRow,
    { pendingVersion }: Rotation,
  ): Promise<void> {
    if (!isBuiltIn(function_arn) || (await this.#versions.read(secretId, pendingVersion)) !== undefined) return
    await this.#versions.discardLabel(secretId, pendingVersion)
  }
}
