import { SecretsError, toSecretsError, untilAborted } from '@keyplane/core'
import type { RotatorCall, StoredVersion } from '@keyplane/rotation'
import { isBuiltIn } from './built-in-rotators.ts'
import type { RotationNotes } from './rotation-notes.ts'
import type { SecretFunctions } from './secret-functions.ts'
import type { SecretRotators } from './secret-rotators.ts'
import type { ServiceCallParts } from './service-call.ts'
import type { StoredVersions } from './stored-versions.ts'
import { trialVersion } from './trial-version.ts'

export interface RotationTrialsParts extends Pick<ServiceCallParts, 'rotations' | 'random'> {
  readonly versions: StoredVersions
  readonly rotators: SecretRotators
  readonly functions: SecretFunctions
  readonly notes: RotationNotes
  /** Aborted where the store ends. */
  readonly ending: AbortSignal
}

const timeoutMs = 60_000

/**
 * Tries how a secret is to be rotated, without rotating it: the step that tests is done with the current value. A function
 * finds that in a version of its own under AWSPENDING, which is removed again.
 */
export class RotationTrials {
  readonly #parts: RotationTrialsParts
  readonly #underWay = new Set<Promise<void>>()

  constructor(parts: RotationTrialsParts) {
    this.#parts = parts
  }

  /** What comes of it is told by `notes`. */
  begin(secretId: string): void {
    const versionId = trialVersion(this.#parts.random)
    const trial = this.#try(secretId, versionId)
      .then(
        () => this.#parts.notes.tried(secretId, versionId),
        (error: unknown) => this.#parts.notes.tried(secretId, versionId, toSecretsError(error)),
      )
      .finally(() => this.#underWay.delete(trial))
    this.#underWay.add(trial)
  }

  /** When those under way have ended. */
  async ended(): Promise<void> {
    await Promise.all(this.#underWay)
  }

  async #try(secretId: string, versionId: string): Promise<void> {
    const { rotations, rotators, versions, ending } = this.#parts
    const row = await rotations.of(secretId)
    if (!row) return
    const signal = AbortSignal.any([ending, AbortSignal.timeout(timeoutMs)])
    const { value } = await versions.current(secretId)
    if (!isBuiltIn(row.function_arn)) return this.#tryFunction(secretId, { versionId, value }, signal)
    const requireLease = (): void => signal.throwIfAborted()
    const call: RotatorCall = {
      secretId,
      rotationId: versionId,
      pendingVersion: versionId,
      fence: 0,
      signal,
      requireLease,
    }
    if ((await untilAborted(rotators.of(row).test(call, value), signal)) === 'refused')
      throw new SecretsError('conflict', 'The target refuses the current credential.', { reason: 'refused' })
  }

  async #tryFunction(secretId: string, version: StoredVersion, signal: AbortSignal): Promise<void> {
    const { versions, functions, rotations } = this.#parts
    // The label of a version that is being rotated to is not a trial's to take.
    const requireNoRotation = async (): Promise<void> => {
      if ((await rotations.of(secretId))?.pending_version !== null)
        throw new SecretsError('conflict', 'A rotation was asked for meanwhile.', { reason: 'rotation_asked' })
    }
    await versions.stageWhere(secretId, version, requireNoRotation)
    try {
      await functions.step('testSecret', secretId, version.versionId, signal)
    } finally {
      await versions.remove(secretId, version.versionId)
    }
  }
}
