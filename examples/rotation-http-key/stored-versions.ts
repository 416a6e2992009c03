/** Where a rotation keeps its versions: AWS Secrets Manager, or a Keyplane store, by the labels that AWS's functions move. */
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager'
import { revealText, type SecretValue, SecretsError, TextValue } from '@keyplane/core'
import type { FencedWrite, SecretVersions, StoredVersion } from '@keyplane/rotation'

export class SecretsManagerVersions implements SecretVersions {
  readonly #client: SecretsManagerClient

  constructor(client: SecretsManagerClient) {
    this.#client = client
  }

  async current(secretId: string): Promise<StoredVersion> {
    const { VersionId = '', SecretString = '' } = await this.#client.send(
      new GetSecretValueCommand({ SecretId: secretId }),
    )
    return { versionId: VersionId, value: new TextValue(SecretString) }
  }

  async read(secretId: string, versionId: string): Promise<SecretValue | undefined> {
    try {
      const { SecretString = '' } = await this.#client.send(
        new GetSecretValueCommand({ SecretId: secretId, VersionId: versionId }),
      )
      return new TextValue(SecretString)
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return undefined
      throw error
    }
  }

  async stage({ secretId }: FencedWrite, { versionId, value }: StoredVersion): Promise<void> {
    // The same version with another value would be refused; what is there already stays.
    if (await this.read(secretId, versionId)) return
    await this.#client.send(
      new PutSecretValueCommand({
        SecretId: secretId,
        ClientRequestToken: versionId,
        SecretString: revealText(value),
        VersionStages: ['AWSPENDING'],
      }),
    )
  }

  async promote(
    { secretId }: FencedWrite,
    { from, to }: { readonly from: string; readonly to: string },
  ): Promise<void> {
    const holder = await this.#holder(secretId, 'AWSCURRENT')
    if (holder !== to) {
      if (holder !== from) throw new SecretsError('conflict', 'Another version is current.', { reason: 'overtaken' })
      await this.#move(secretId, 'AWSCURRENT', { RemoveFromVersionId: from, MoveToVersionId: to })
    }
    await this.#unlabel(secretId, to)
  }

  async discard({ secretId }: FencedWrite, versionId: string): Promise<void> {
    if ((await this.#holder(secretId, 'AWSCURRENT')) === versionId)
      throw new SecretsError('conflict', 'The version is current.', { reason: 'overtaken' })
    await this.#unlabel(secretId, versionId)
  }

  async #unlabel(secretId: string, versionId: string): Promise<void> {
    if ((await this.#holder(secretId, 'AWSPENDING')) === versionId)
      await this.#move(secretId, 'AWSPENDING', { RemoveFromVersionId: versionId })
  }

  async #holder(secretId: string, label: string): Promise<string | undefined> {
    const { VersionIdsToStages = {} } = await this.#client.send(new DescribeSecretCommand({ SecretId: secretId }))
    return Object.keys(VersionIdsToStages).find((id) => VersionIdsToStages[id]?.includes(label))
  }

  async #move(
    secretId: string,
    label: string,
    versions: { readonly RemoveFromVersionId: string; readonly MoveToVersionId?: string },
  ): Promise<void> {
    await this.#client.send(
      new UpdateSecretVersionStageCommand({ SecretId: secretId, VersionStage: label, ...versions }),
    )
  }
}
