import { type AuditRecord, SecretsError, toSecretsError } from '@keyplane/core'
import type { AlertKind, RotationAlert, RotationNotice, RotationObserver } from '@keyplane/rotation'
import { alertTexts } from './alert-texts.ts'
import { isBuiltIn } from './built-in-rotators.ts'
import type { LoadedSecret } from '../storage/secrets-table.ts'
import type { RotationReport, RotationStepReport, RotationTrialReport } from './rotation-report.ts'
import { rotationActor, type ServiceCallParts } from './service-call.ts'
import type { StoredVersions } from './stored-versions.ts'

export interface RotationNotesParts extends Pick<ServiceCallParts, 'writer' | 'clock' | 'rotations'> {
  readonly versions: StoredVersions
  readonly onRotation: (report: RotationReport) => void
  readonly onError: (error: SecretsError) => void
}

/** A function has no step that takes a credential back. */
const functionEnded = 'it was ended; which credential the target accepts is not known.'

/** Tells what becomes of rotations, step by step: to the audit log, and to whoever watches. */
export class RotationNotes implements RotationObserver {
  readonly #parts: RotationNotesParts
  #last: Promise<void> = Promise.resolve()

  constructor(parts: RotationNotesParts) {
    this.#parts = parts
  }

  /** What the audit log has of a step, to be written with it; nothing where its secret is gone. */
  async recordsOf({ secretId, to: state, pendingVersion, ...notice }: RotationNotice): Promise<readonly AuditRecord[]> {
    const secret = await this.#secret(secretId)
    const step = { State: state, VersionId: pendingVersion, ...(notice.effect && { Step: notice.effect }) }
    return secret ? [recordOf('keyplane:RotationStep', { ...notice, arn: secret.arn }, step)] : []
  }

  /** One after the other, so that whoever watches hears of them in their order. */
  step(notice: RotationNotice): void {
    this.#last = this.#last.then(() => this.#tell(notice))
  }

  async alert({ id: alertId, kind, raisedAtMs: atMs, rotation }: RotationAlert): Promise<void> {
    const { secret } = await this.#parts.versions.known(rotation.secretId)
    const { arn, name } = secret
    const { code, reason = code } = rotation.retry ?? {}
    const why = kind === 'failing' ? ` (${reason}); it is tried on.` : ''
    const message = `The rotation of ${JSON.stringify(secret.name)}: ${await this.#textOf(kind, secret.id)}${why}`
    const { rotationId } = rotation
    this.#parts.onRotation({ kind: 'alert', atMs, arn, name, rotationId, alert: kind, alertId })
    this.#parts.onError(new SecretsError('unavailable', message, { reason: `rotation_${kind}` }))
  }

  async #textOf(kind: AlertKind, secretId: string): Promise<string> {
    const row = await this.#parts.rotations.of(secretId)
    return kind === 'rolled_back' && row && !isBuiltIn(row.function_arn) ? functionEnded : alertTexts[kind]
  }

  /** How a trial ended, under the id of its version. */
  async tried(secretId: string, rotationId: string, failure?: SecretsError): Promise<void> {
    const { versions, writer, clock, onRotation, onError } = this.#parts
    try {
      const { arn, name } = (await versions.known(secretId)).secret
      const outcome = failure ? 'failed' : 'done'
      const told = { atMs: clock.nowMs(), arn, rotationId, outcome, ...(failure && { failure }) } as const
      await writer.write({ statements: [], audit: [recordOf('keyplane:RotationTrial', told)] })
      const { failure: _, ...tried } = told
      onRotation({ ...tried, kind: 'trial', name, ...(failure && { failure: codesOf(failure) }) })
      if (!failure) return
      const message = `The trial of the rotation of ${JSON.stringify(name)} failed.`
      onError(new SecretsError('unavailable', message, { reason: failure.reason ?? failure.code }))
    } catch (error) {
      onError(toSecretsError(error))
    }
  }

  /** When all has been told. */
  written(): Promise<void> {
    return this.#last
  }

  async #tell({ secretId, to: state, ...notice }: RotationNotice): Promise<void> {
    const { onRotation, onError } = this.#parts
    try {
      const secret = await this.#secret(secretId)
      if (secret) onRotation({ ...notice, kind: 'step', arn: secret.arn, name: secret.name, state })
    } catch (error) {
      onError(toSecretsError(error))
    }
  }

  async #secret(secretId: string): Promise<LoadedSecret['secret'] | undefined> {
    try {
      return (await this.#parts.versions.known(secretId)).secret
    } catch (error) {
      if (toSecretsError(error).code === 'secret_not_found') return undefined
      throw error
    }
  }
}

/** What it failed with, and not what the target said. */
const codesOf = ({ code, reason }: SecretsError): NonNullable<RotationTrialReport['failure']> => ({
  code,
  ...(reason !== undefined && { reason }),
})

type Recorded = Pick<RotationStepReport, 'atMs' | 'arn' | 'rotationId' | 'outcome' | 'failure'>

const recordOf = (
  action: string,
  { atMs, arn, rotationId, outcome, failure }: Recorded,
  detail: Readonly<Record<string, string>> = {},
): AuditRecord => ({
  atMs,
  actor: rotationActor,
  action,
  resource: arn,
  decision: outcome === 'failed' ? 'error' : 'allow',
  requestId: rotationId,
  detail: {
    ...detail,
    ...(outcome && { Outcome: outcome }),
    ...(failure && { Code: failure.code }),
    ...(failure?.reason !== undefined && { Reason: failure.reason }),
  },
})
