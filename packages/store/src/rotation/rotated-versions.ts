import { SecretsError, type SecretValue } from '@keyplane/core'
import type { FencedWrite, SecretVersions, StoredVersion } from '@keyplane/rotation'
import { current, holderOf, labelsOf, pending } from '../secretsmanager/versions/version-stages.ts'
import type { SecretRotationsTable } from '../storage/secret-rotations-table.ts'
import { isBuiltIn } from './built-in-rotators.ts'
import type { FunctionRotatorParts } from './function-rotator.ts'
import type { StoredVersions } from './stored-versions.ts'

const finishTimeoutMs = 55_000

/** The store's versions, but that a rotation function moves AWSCURRENT itself, in its last step. */
export class RotatedVersions implements SecretVersions {
  readonly #stored: StoredVersions
  readonly #rotations: SecretRotationsTable
  readonly #step: FunctionRotatorParts['step']

  constructor(stored: StoredVersions, rotations: SecretRotationsTable, step: FunctionRotatorParts['step']) {
    this.#stored = stored
    this.#rotations = rotations
    this.#step = step
  }

  current(secretId: string): Promise<StoredVersion> {
    return this.#stored.current(secretId)
  }

  read(secretId: string, versionId: string): Promise<SecretValue | undefined> {
    return this.#stored.read(secretId, versionId)
  }

  stage(write: FencedWrite, version: StoredVersion): Promise<void> {
    return this.#stored.stage(write, version)
  }

  async promote(write: FencedWrite, move: { readonly from: string; readonly to: string }): Promise<void> {
    const { secretId } = write
    const row = await this.#rotations.of(secretId)
    const isFunction = row && !isBuiltIn(row.function_arn)
    // What a function made current stays, as at AWS: the target may accept nothing else.
    if (isFunction && row.pending_version === move.from) return
    const isForward = (await this.#holder(secretId, pending)) === move.to
    if (isForward && row?.enabled === 0)
      throw new SecretsError('unavailable', 'The rotation was cancelled.', { reason: 'cancelled' })
    if (!isFunction || !isForward) return this.#stored.promote(write, move)
    await this.#step('finishSecret', secretId, move.to, AbortSignal.timeout(finishTimeoutMs))
    if ((await this.#holder(secretId, current)) !== move.to)
      throw new SecretsError('unavailable', 'The rotation function did not make the pending version current.', {
        reason: 'function_failed',
      })
  }

  /** A function's version keeps its label, as at AWS: it may be the only one that the target accepts. */
  async discard(write: FencedWrite, versionId: string): Promise<void> {
    const row = await this.#rotations.of(write.secretId)
    if (row && !isBuiltIn(row.function_arn)) return
    await this.#stored.discard(write, versionId)
  }

  async #holder(secretId: string, label: string): Promise<string | undefined> {
    return holderOf(labelsOf((await this.#stored.secret(secretId)).stages), label)
  }
}
