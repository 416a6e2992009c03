import { type AuditRecord, SecretsError, toSecretsError } from '@keyplane/core'
import type { AlertKind, RotationAlert, RotationNotice, RotationObserver } from '@keyplane/rotation'
import { isBuiltIn } from './built-in-rotators.ts'
import type { RotationReport } from './rotation-report.ts'
import { rotationActor, type ServiceCallParts } from './service-call.ts'
import type { StoredVersions } from './stored-versions.ts'

export interface RotationNotesParts extends Pick<ServiceCallParts, 'writer' | 'clock' | 'rotations'> {
  readonly versions: StoredVersions
  readonly onRotation: (report: RotationReport) => void
  readonly onError: (error: SecretsError) => void
}

const alertTexts: Readonly<Record<AlertKind, string>> = {
  failing: 'a step fails again and again; it is tried on.',
  changed_behind: 'the current credential was changed behind its back.',
  rolled_back: 'it was taken back; the credential is what it was.',
  not_retired: 'the old credential can’t be taken from the target.',
  unacknowledged: 'the old credential was retired while consumers had it.',
  kept_new: 'it could not be taken back; the new credential stays, which is accepted.',
  no_valid_credential: 'no stored credential is accepted; somebody has to look.',
}

/** A function has no step that takes a credential back. */
const functionEnded = 'it was ended; which credential the target accepts is not known.'

/** Writes down what becomes of rotations, step by step: in the audit log, and for whoever watches. */
export class RotationNotes implements RotationObserver {
  readonly #parts: RotationNotesParts
  #last: Promise<void> = Promise.resolve()

  constructor(parts: RotationNotesParts) {
    this.#parts = parts
  }

  /** One after the other, so that the audit log has them in their order. */
  step(notice: RotationNotice): void {
    this.#last = this.#last.then(() => this.#write(notice))
  }

  async alert({ kind, rotation }: RotationAlert): Promise<void> {
    const { secret } = await this.#parts.versions.known(rotation.secretId)
    const message = `The rotation of ${JSON.stringify(secret.name)}: ${await this.#textOf(kind, secret.id)}`
    this.#parts.onError(new SecretsError('unavailable', message, { reason: `rotation_${kind}` }))
  }

  async #textOf(kind: AlertKind, secretId: string): Promise<string> {
    const row = await this.#parts.rotations.of(secretId)
    return kind === 'rolled_back' && row && !isBuiltIn(row.function_arn) ? functionEnded : alertTexts[kind]
  }

  /** How a trial ended, under the id of its version. */
  async tried(secretId: string, rotationId: string, failure?: SecretsError): Promise<void> {
    const { versions, writer, clock, onError } = this.#parts
    try {
      const { arn, name } = (await versions.known(secretId)).secret
      const outcome = failure ? 'failed' : 'done'
      const told = { atMs: clock.nowMs(), arn, rotationId, outcome, ...(failure && { failure }) } as const
      await writer.write({ statements: [], audit: [recordOf('keyplane:RotationTrial', told)] })
      if (!failure) return
      const message = `The trial of the rotation of ${JSON.stringify(name)} failed.`
      onError(new SecretsError('unavailable', message, { reason: failure.reason ?? failure.code }))
    } catch (error) {
      onError(toSecretsError(error))
    }
  }

  /** When all that was told is written down. */
  written(): Promise<void> {
    return this.#last
  }

  async #write({ secretId, to: state, ...notice }: RotationNotice): Promise<void> {
    const { versions, writer, onRotation, onError } = this.#parts
    try {
      const { arn, name } = (await versions.known(secretId)).secret
      const step = { State: state, ...(notice.effect && { Step: notice.effect }) }
      await writer.write({ statements: [], audit: [recordOf('keyplane:RotationStep', { ...notice, arn }, step)] })
      onRotation({ ...notice, arn, name, state })
    } catch (error) {
      onError(toSecretsError(error))
    }
  }
}

const recordOf = (
  action: string,
  { atMs, arn, rotationId, outcome, failure }: Omit<RotationReport, 'name' | 'state'>,
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
