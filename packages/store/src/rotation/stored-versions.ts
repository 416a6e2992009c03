import { Buffer } from 'node:buffer'
import { BytesValue, SecretsError, type SecretValue, TextValue } from '@keyplane/core'
import type { FencedWrite, SecretVersions, StoredVersion } from '@keyplane/rotation'
import { putValueWhere } from '../secretsmanager/operations/put-secret-value.ts'
import { updateSecretVersionStage } from '../secretsmanager/operations/update-secret-version-stage.ts'
import { changeSecret, present, requireWritable } from '../secretsmanager/change-secret.ts'
import { type Change, changeAll } from '../secretsmanager/replicas/followers.ts'
import { secretTarget } from '../secretsmanager/secret-target.ts'
import { type GivenValue, openOf } from '../secretsmanager/versions/secret-value.ts'
import { current, holderOf, labelsOf, pending } from '../secretsmanager/versions/version-stages.ts'
import type { LoadedSecret } from '../storage/secrets-table.ts'
import type { VersionRow } from '../storage/tables.ts'
import { fencedWriter } from './fenced-writer.ts'
import { type ServiceCallParts, serviceCall } from './service-call.ts'

/** The store's own versions, for the rotation engine: by the operations that callers have. Secrets by their row's id. */
export class StoredVersions implements SecretVersions {
  readonly #parts: ServiceCallParts

  constructor(parts: ServiceCallParts) {
    this.#parts = parts
  }

  async current(secretId: string): Promise<StoredVersion> {
    const { secret } = await this.secret(secretId)
    const found = await this.#parts.versions.byLabel(secret.id, current)
    const value = found && (await this.#open(secretId, found.version))
    if (!found || !value)
      throw new SecretsError('version_not_found', 'The secret has no current value that could be rotated.')
    return { versionId: found.version.version_id, value }
  }

  async read(secretId: string, versionId: string): Promise<SecretValue | undefined> {
    const { secret } = await this.secret(secretId)
    const found = await this.#parts.versions.byId(secret.id, versionId)
    return found && this.#open(secretId, found.version)
  }

  stage(write: FencedWrite, version: StoredVersion): Promise<void> {
    return this.#put(this.#fenced(write), write.secretId, version)
  }

  /** Stores a version as pending without a lease; `requireHolds` as `putValueWhere` has it. */
  stageWhere(secretId: string, version: StoredVersion, requireHolds: () => Promise<void>): Promise<void> {
    return this.#put(this.#parts, secretId, version, requireHolds)
  }

  async #put(
    parts: ServiceCallParts,
    secretId: string,
    { versionId, value }: StoredVersion,
    requireHolds: () => Promise<void> = async () => undefined,
  ): Promise<void> {
    if (await this.read(secretId, versionId)) return
    const { secret } = await this.secret(secretId)
    const given =
      value.kind === 'text'
        ? { SecretString: value.reveal() }
        : { SecretBinary: Buffer.from(value.reveal()).toString('base64') }
    const input = { SecretId: secret.arn, ClientRequestToken: versionId, VersionStages: [pending], ...given }
    await serviceCall(parts, secret, 'PutSecretValue', (context) => putValueWhere(context, input, requireHolds))
  }

  async promote(write: FencedWrite, { from, to }: { readonly from: string; readonly to: string }): Promise<void> {
    const { secretId } = write
    const fenced = this.#fenced(write)
    const holder = holderOf(labelsOf((await this.secret(secretId)).stages), current)
    if (holder !== to) {
      if (holder !== from)
        throw new SecretsError('conflict', 'Another version was made current.', { reason: 'overtaken' })
      await this.#move(secretId, { label: current, from, to }, fenced)
    }
    await this.#discardLabel(secretId, to, fenced)
  }

  async discard(write: FencedWrite, versionId: string): Promise<void> {
    const { secretId } = write
    const labels = labelsOf((await this.secret(secretId)).stages)
    if (holderOf(labels, current) === versionId)
      throw new SecretsError('conflict', 'The version is current.', { reason: 'overtaken' })
    await this.#discardLabel(secretId, versionId, this.#fenced(write))
  }

  /** The secret as it is. @throws SecretsError `secret_not_found`, also for one that waits for its deletion. */
  async secret(secretId: string): Promise<LoadedSecret> {
    const loaded = await this.known(secretId)
    if (loaded.secret.deleted_at_ms === null) return loaded
    throw notThere()
  }

  /** The same, also for one that waits for its deletion. */
  async known(secretId: string): Promise<LoadedSecret> {
    const loaded = present(await this.#parts.secrets.loadById(secretId), this.#parts.clock.nowMs())
    if (loaded) return loaded
    throw notThere()
  }

  /** Takes a version away, with its labels and its value. */
  async remove(secretId: string, versionId: string): Promise<void> {
    const { secret } = await this.secret(secretId)
    await serviceCall(this.#parts, secret, 'EndRotationTrial', (context) =>
      changeSecret(context, secretTarget(secret.arn, context.caller), async (found) => {
        const loaded = requireWritable(found, context.nowMs)
        const change = (member: LoadedSecret): Change => {
          const before = labelsOf(member.stages)
          const after = new Map([...before].filter(([id]) => id !== versionId))
          const { versions } = context
          const { id } = member.secret
          return { statements: [...versions.relabel(id, before, after), versions.remove(id, versionId)] }
        }
        return { arn: secret.arn, output: undefined, ...(await changeAll(context, loaded, change)) }
      }),
    )
  }

  /** Takes AWSPENDING from a version, if that has it, without a lease. */
  discardLabel(secretId: string, versionId: string): Promise<void> {
    return this.#discardLabel(secretId, versionId, this.#parts)
  }

  #fenced(write: FencedWrite): ServiceCallParts {
    const { writer, rotations } = this.#parts
    return { ...this.#parts, writer: fencedWriter(writer, rotations, write) }
  }

  async #discardLabel(secretId: string, versionId: string, parts: ServiceCallParts): Promise<void> {
    const labels = labelsOf((await this.secret(secretId)).stages)
    if (holderOf(labels, pending) === versionId) await this.#move(secretId, { label: pending, from: versionId }, parts)
  }

  async #move(secretId: string, { label, from, to }: LabelMove, parts: ServiceCallParts): Promise<void> {
    const { secret } = await this.secret(secretId)
    await serviceCall(parts, secret, 'UpdateSecretVersionStage', (context) =>
      updateSecretVersionStage(context, {
        SecretId: secret.arn,
        VersionStage: label,
        RemoveFromVersionId: from,
        ...(to !== undefined && { MoveToVersionId: to }),
      }),
    )
  }

  async #open(secretId: string, version: VersionRow): Promise<SecretValue | undefined> {
    if (version.kind === null) return undefined
    const { secret } = await this.secret(secretId)
    const value = await serviceCall(this.#parts, secret, 'GetSecretValue', (context) => {
      context.call.note({ VersionId: version.version_id })
      return openOf(context, secret, version)
    })
    return value && valueOf(value)
  }
}

interface LabelMove {
  readonly label: string
  readonly from: string
  /** Absent: it is taken away. */
  readonly to?: string
}

const notThere = (): SecretsError => new SecretsError('secret_not_found', 'The secret that is rotated is not there.')

const valueOf = ({ kind, bytes }: GivenValue): SecretValue =>
  kind === 'text' ? new TextValue(Buffer.from(bytes).toString()) : new BytesValue(bytes)
