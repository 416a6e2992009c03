import { SecretsError, type SecretValue, type Timer, toSecretsError, uuid } from '@keyplane/core'
import type { Reader } from '@keyplane/database'
import {
  type AlertKind,
  databaseJournal,
  type Rotation,
  type RotationEngine,
  type RotationJournal,
  type RotationNotice,
  type RotationTables,
  rotationEngine,
} from '@keyplane/rotation'
import { awsError } from '../aws-errors.ts'
import { rotateScheduled } from '../secretsmanager/operations/rotate-secret.ts'
import { secretTarget } from '../secretsmanager/secret-target.ts'
import type { SecretRotationRow, StoreTables } from '../storage/tables.ts'
import { builtInRotator, isBuiltIn } from './built-in-rotators.ts'
import { functionRotator } from './function-rotator.ts'
import { nextRotationMs } from './next-rotation.ts'
import type { Rotating } from './rotating.ts'
import { RotatedVersions } from './rotated-versions.ts'
import { type FunctionsEndpoint, RotationFunctions, type RotationStep } from './rotation-functions.ts'
import { masterArnOf, secretRotator, secretRotatorName } from './secret-rotator.ts'
import { rotationActor, type ServiceCallParts, serviceCall } from './service-call.ts'
import { StoredVersions } from './stored-versions.ts'

export interface StoreRotationsOptions {
  readonly reader: Reader<StoreTables>
  /** Absent: only the store's own rotators. */
  readonly functions?: FunctionsEndpoint
  readonly onError: (error: SecretsError) => void
}

/** How often it looks for what others have asked for: other threads, other processes. */
const everyMs = 60_000
/** The same while a rotation is under way. */
const busyMs = 5_000
/** Until a schedule that can't be kept is looked at again. */
const putOffMs = 3_600_000
/** AWS Lambda allows more, and AWS's functions need seconds; a store that died is waited for twice as long. */
const stepMs = 60_000
const atATime = 100
const atOnce = 4

const alertTexts: Readonly<Record<AlertKind, string>> = {
  failing: 'a step fails again and again; it is tried on.',
  changed_behind: 'the current credential was changed behind its back.',
  rolled_back: 'it was taken back; the credential is what it was.',
  not_retired: 'the old credential can’t be taken from the target.',
  unacknowledged: 'the old credential was retired while consumers had it.',
  kept_new: 'it could not be taken back; the new credential stays, which is accepted.',
  no_valid_credential: 'no stored credential is accepted; somebody has to look.',
}

/**
 * The rotations of a store: begins what was asked for and what is due, carries it on, and notes how it ended. Each thread of
 * each process runs one over the same database; a secret is rotated by one of them at a time.
 */
export class StoreRotations implements Rotating {
  readonly #parts: ServiceCallParts
  readonly #options: StoreRotationsOptions
  readonly #functions: RotationFunctions | undefined
  readonly #versions: StoredVersions
  readonly #journal: RotationJournal
  readonly #engine: RotationEngine
  #timer: Timer | undefined
  #round: Promise<void> | undefined
  #isWoken = false
  #isStopped = false

  constructor(parts: ServiceCallParts, options: StoreRotationsOptions) {
    const { clock, random, writer } = parts
    const { functions, reader } = options
    this.#parts = parts
    this.#options = options
    this.#functions = functions && new RotationFunctions(functions, clock)
    this.#versions = new StoredVersions(parts)
    this.#journal = databaseJournal({ reader: reader as unknown as Reader<RotationTables>, writer, clock })
    const step = this.#step.bind(this)
    this.#engine = rotationEngine({
      journal: this.#journal,
      versions: new RotatedVersions(this.#versions, parts.rotations, step),
      rotators: [
        secretRotator({
          rotations: parts.rotations,
          random,
          byFunction: functionRotator({ step, versions: this.#versions }),
          valueOf: (secretId, arn) => this.#valueOf(secretId, arn),
        }),
      ],
      clock,
      random,
      effectTimeoutMs: stepMs,
      observer: {
        step: (notice) => void this.#noted(notice),
        alert: ({ kind, rotation }) => this.#alerted(kind, rotation.secretId),
      },
    })
  }

  /** Begins to look for what is to be done. */
  start(): void {
    this.wake()
  }

  wake(): void {
    if (this.#isStopped) return
    this.#isWoken = true
    this.#timer?.cancel()
    this.#round ??= this.#rounds()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#timer?.cancel()
    await this.#round
  }

  async requireInvokable(functionArn: string): Promise<void> {
    const isThere = isBuiltIn(functionArn)
      ? builtInRotator(functionArn) !== undefined
      : await this.#functions?.isInvokable(functionArn)
    if (!isThere)
      throw awsError(
        'AccessDeniedException',
        'Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com.',
      )
  }

  async masterOf(secretId: string, functionArn: string): Promise<string | null> {
    if (!isBuiltIn(functionArn)) return null
    return masterArnOf((await this.#versions.current(secretId)).value) ?? null
  }

  async takeBack(secretId: string): Promise<void> {
    await this.#requestRollback(secretId)
    this.wake()
  }

  async #requestRollback(secretId: string): Promise<void> {
    try {
      await this.#engine.requestRollback(secretId)
    } catch (error) {
      // It has ended, is too far, or is in the middle of a step: the next look sees that it was cancelled.
      const { code } = toSecretsError(error)
      if (code !== 'unsupported' && code !== 'conflict') throw error
    }
  }

  /** Again, where it was woken meanwhile: what was asked for then may not have been seen. */
  async #rounds(): Promise<void> {
    let againMs = everyMs
    while (this.#isWoken && !this.#isStopped) {
      this.#isWoken = false
      againMs = await this.#look()
    }
    this.#round = undefined
    if (!this.#isStopped) this.#timer = this.#parts.clock.after(againMs, () => this.wake())
  }

  /** Does what is to be done, and says how soon there may be more. */
  async #look(): Promise<number> {
    const { rotations, clock } = this.#parts
    try {
      for (const row of await rotations.due(clock.nowMs(), atATime)) await this.#ask(row)
      const rows = [...(await rotations.pending(atATime))]
      let againMs = everyMs
      const work = async (): Promise<void> => {
        for (let row = rows.shift(); row && !this.#isStopped; row = rows.shift())
          againMs = Math.min(againMs, await this.#carryOn(row))
      }
      await Promise.all(Array.from({ length: atOnce }, work))
      return againMs
    } catch (error) {
      this.#options.onError(toSecretsError(error))
      return busyMs
    }
  }

  /** As if somebody had called RotateSecret: the time has come. */
  async #ask(row: SecretRotationRow): Promise<void> {
    try {
      const { secret } = await this.#versions.secret(row.secret_id)
      await serviceCall(this.#parts, secret, 'RotateSecret', (context) => rotateScheduled(context, row, secret.arn))
    } catch (error) {
      // Others wait behind it.
      await this.#putOff(row)
      this.#options.onError(toSecretsError(error))
    }
  }

  async #putOff(row: SecretRotationRow): Promise<void> {
    const { rotations, writer, clock } = this.#parts
    await writer.write({ statements: [rotations.putOff(row, clock.nowMs() + putOffMs)], audit: [] })
  }

  /** Begins what was asked for, goes on with it, and settles it once it has ended; says how soon to look again. */
  async #carryOn(row: SecretRotationRow): Promise<number> {
    const { secret_id: secretId, pending_version: pendingVersion } = row
    if (pendingVersion === null) return everyMs
    try {
      const known = (await this.#journal.load(secretId))?.rotation
      const rotationId = `${pendingVersion}:${row.asked_at_ms}`
      const request = {
        secretId,
        rotator: secretRotatorName,
        pendingVersion,
        rotationId,
        adopts: !isBuiltIn(row.function_arn),
      }
      if (known?.rotationId !== rotationId && (await this.#engine.begin(request)).rotationId !== rotationId)
        return busyMs
      // Cancelled: taken back, unless it is too far.
      if (row.enabled === 0) await this.#requestRollback(secretId)
      const { status, ...brought } = await this.#engine.advance(secretId)
      if (status === 'ended' && 'rotation' in brought) return await this.#settle(row, brought.rotation)
      return 'untilMs' in brought ? Math.max(0, brought.untilMs - this.#parts.clock.nowMs()) : busyMs
    } catch (error) {
      const failure = toSecretsError(error)
      // Somebody gave the version a value in the meantime: there is nothing to rotate to.
      if (failure.reason === 'version_exists') return await this.#settle(row, undefined)
      if (failure.reason !== 'lease_lost') this.#options.onError(failure)
      return busyMs
    }
  }

  async #settle(row: SecretRotationRow, ended: Rotation | undefined): Promise<number> {
    const { clock, writer, rotations, onChange } = this.#parts
    const finishedAtMs = ended?.state === 'finished' ? ended.endedAtMs : undefined
    const settled = {
      rotated_at_ms: finishedAtMs ?? row.rotated_at_ms,
      next_at_ms: row.enabled === 1 ? nextRotationMs(row.secret_id, row, finishedAtMs ?? clock.nowMs()) : null,
    }
    const outcome = await writer.write({ statements: [rotations.settle(row, settled)], audit: [] })
    const { secret } = await this.#versions.secret(row.secret_id)
    if (outcome === 'committed') onChange({ arn: secret.arn, name: secret.name })
    return everyMs
  }

  /** A step's outcome in the audit log. */
  async #noted({ atMs, secretId, effect, to, rotationId }: RotationNotice): Promise<void> {
    try {
      const { secret } = await this.#versions.secret(secretId)
      const record = {
        atMs,
        actor: rotationActor,
        action: 'keyplane:RotationStep',
        resource: secret.arn,
        decision: 'allow' as const,
        requestId: rotationId,
        detail: { State: to, ...(effect && { Step: effect }) },
      }
      await this.#parts.writer.write({ statements: [], audit: [record] })
    } catch (error) {
      this.#options.onError(toSecretsError(error))
    }
  }

  async #alerted(kind: AlertKind, secretId: string): Promise<void> {
    const { secret } = await this.#versions.secret(secretId)
    const message = `The rotation of ${JSON.stringify(secret.name)}: ${alertTexts[kind]}`
    this.#options.onError(new SecretsError('unavailable', message, { reason: `rotation_${kind}` }))
  }

  async #step(step: RotationStep, secretId: string, versionId: string, signal: AbortSignal): Promise<void> {
    const row = await this.#parts.rotations.of(secretId)
    const { secret } = await this.#versions.secret(secretId)
    if (!this.#functions || !row)
      throw awsError('InvalidRequestException', 'No Lambda rotation function ARN is associated with this secret.')
    const event = {
      Step: step,
      SecretId: secret.arn,
      ClientRequestToken: versionId,
      RotationToken: uuid(this.#parts.random),
    }
    await this.#functions.invoke(row.function_arn, event, signal)
  }

  async #valueOf(secretId: string, arn: string): Promise<SecretValue> {
    const { secret } = await this.#versions.secret(secretId)
    const target = secretTarget(arn, secret)
    const found = target.account === secret.account ? await this.#parts.secrets.find(target) : undefined
    if (!found) throw awsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.")
    return (await this.#versions.current(found.id)).value
  }
}
