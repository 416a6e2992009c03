import { type AwsCallOptions, type AwsJsonClient, labelOfStage, type SecretsManagerOperations } from '@keyplane/aws'
import {
  type CallOptions,
  type PutOptions,
  type SecretRef,
  SecretsError,
  type SecretValue,
  type SecretVersion,
  type SecretWriter,
  type Stage,
} from '@keyplane/core'
import { encodeBase64 } from '@keyplane/protocol'
import { versionOfWrite } from './aws-answers.ts'

export interface AwsWriterParts {
  readonly client: Pick<AwsJsonClient<SecretsManagerOperations>, 'call'>
  /** Refuses after `close`, and gives what is left of the call's time. */
  readonly begin: (call: CallOptions | undefined) => AwsCallOptions
}

const dayMs = 86_400_000

/** AWS takes 32–64 characters and makes them the version's id: a key that does not fit is hashed. */
const requestToken = async (idempotencyKey: string): Promise<string> => {
  if (/^[A-Za-z0-9-]{32,64}$/.test(idempotencyKey)) return idempotencyKey
  const { createHash } = await import('node:crypto')
  return createHash('sha256').update(idempotencyKey).digest('hex')
}

const valueMember = (value: SecretValue): { readonly SecretString: string } | { readonly SecretBinary: string } =>
  value.kind === 'text' ? { SecretString: value.reveal() } : { SecretBinary: encodeBase64(value.reveal()) }

const isAbsent = (thrown: unknown): boolean => thrown instanceof SecretsError && thrown.code === 'secret_not_found'

class AwsWriter implements SecretWriter {
  readonly #parts: AwsWriterParts

  constructor(parts: AwsWriterParts) {
    this.#parts = parts
  }

  async put(ref: SecretRef, value: SecretValue, options: PutOptions, call?: CallOptions): Promise<SecretVersion> {
    const { ifVersion } = options
    if (ifVersion === null) return this.#create(ref.id, value, options, call)
    if (ifVersion !== undefined) await this.#expectCurrent(ref.id, ifVersion, call)
    try {
      return await this.#put(ref.id, value, options, call)
    } catch (thrown) {
      // An ARN names a secret that was there; a new one would have another.
      if (!isAbsent(thrown) || ifVersion !== undefined || ref.id.startsWith('arn:')) throw thrown
      return this.#create(ref.id, value, options, call)
    }
  }

  async remove(id: string, options: { readonly recoverableForMs: number }, call?: CallOptions): Promise<void> {
    const days = Math.ceil(options.recoverableForMs / dayMs)
    const window = days > 0 ? { RecoveryWindowInDays: days } : { ForceDeleteWithoutRecovery: true }
    const { client, begin } = this.#parts
    await client.call('DeleteSecret', { SecretId: id, ...window }, begin(call))
  }

  async moveStage(
    id: string,
    stage: Stage,
    { from, to }: { readonly from?: string; readonly to?: string },
    call?: CallOptions,
  ): Promise<void> {
    const { client, begin } = this.#parts
    const input = {
      SecretId: id,
      VersionStage: labelOfStage(stage),
      ...(from === undefined ? {} : { RemoveFromVersionId: from }),
      ...(to === undefined ? {} : { MoveToVersionId: to }),
    }
    await client.call('UpdateSecretVersionStage', input, begin(call))
  }

  async #put(id: string, value: SecretValue, options: PutOptions, call?: CallOptions): Promise<SecretVersion> {
    const { client, begin } = this.#parts
    const input = {
      SecretId: id,
      ClientRequestToken: await requestToken(options.idempotencyKey),
      ...valueMember(value),
      ...(options.stages ? { VersionStages: options.stages.map(labelOfStage) } : {}),
    }
    return versionOfWrite('PutSecretValue', await client.call('PutSecretValue', input, begin(call)), value)
  }

  async #create(id: string, value: SecretValue, options: PutOptions, call?: CallOptions): Promise<SecretVersion> {
    const { client, begin } = this.#parts
    if (options.stages?.some((stage) => stage !== 'current'))
      throw new SecretsError(
        'unsupported',
        `The first version of ${JSON.stringify(id)} can only be current: AWS gives it no other stage.`,
        { source: 'aws' },
      )
    const input = { Name: id, ClientRequestToken: await requestToken(options.idempotencyKey), ...valueMember(value) }
    const created = await client.call('CreateSecret', input, begin(call))
    return versionOfWrite('CreateSecret', { ...created, VersionStages: ['AWSCURRENT'] }, value)
  }

  /** AWS compares nothing itself, so a write of somebody else's may still come between. */
  async #expectCurrent(id: string, version: string, call?: CallOptions): Promise<void> {
    const { client, begin } = this.#parts
    const { VersionIdsToStages = {} } = await client.call('DescribeSecret', { SecretId: id }, begin(call))
    if (!VersionIdsToStages[version]?.includes('AWSCURRENT'))
      throw new SecretsError(
        'conflict',
        `Another version of ${JSON.stringify(id)} is current; read it and try again.`,
        {
          source: 'aws',
        },
      )
  }
}

/** Writes to Secrets Manager: PutSecretValue, CreateSecret where there is no such secret yet, DeleteSecret, UpdateSecretVersionStage. */
export const awsWriter = (parts: AwsWriterParts): SecretWriter => new AwsWriter(parts)
