import { randomUUID } from 'node:crypto'
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  RotateSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { TextValue } from '@keyplane/core'
import { RealPlane } from '../start-plane.ts'
import type { Stage, StoredStages } from './stored-logins.ts'

const labels: Readonly<Record<Stage, string>> = {
  current: 'AWSCURRENT',
  pending: 'AWSPENDING',
  previous: 'AWSPREVIOUS',
}
/** The labels of versions, by their ids. */
export type Labels = Readonly<Record<string, readonly string[]>>

const isAbsent = ({ name }: Error): boolean => name === 'ResourceNotFoundException'

/** A store in a process of its own, with secrets that it rotates; it is killed, and started again on the same data. */
export class RotatedStore {
  readonly #plane = new RealPlane()
  #client: SecretsManagerClient | undefined

  async start(): Promise<void> {
    await this.#plane.start('store')
    const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '', AWS_REGION = '' } = this.#plane.awsEnvironment
    this.#client = new SecretsManagerClient({
      region: AWS_REGION,
      endpoint: this.#plane.facts.storeUrl,
      credentials: { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY },
      maxAttempts: 1,
    })
  }

  async kill(): Promise<void> {
    await this.#plane.stop('SIGKILL')
    this.#client?.destroy()
    this.#client = undefined
  }

  async remove(): Promise<void> {
    this.#client?.destroy()
    await this.#plane.remove()
  }

  async create(name: string, value: string): Promise<string> {
    const { ARN = '' } = await this.#called((client) =>
      client.send(new CreateSecretCommand({ Name: name, SecretString: value })),
    )
    return ARN
  }

  /** Has a secret rotated; the version to come, or nothing where it is being rotated. */
  async rotate(SecretId: string, rotator: string): Promise<string | undefined> {
    const ClientRequestToken = randomUUID()
    const RotationLambdaARN = `arn:keyplane:rotation:::${rotator}`
    const asked = new RotateSecretCommand({ SecretId, RotationLambdaARN, ClientRequestToken })
    return this.#called((client) => client.send(asked)).then(
      () => ClientRequestToken,
      (error: Error) => {
        if (error.message.startsWith("A previous rotation isn't complete.")) return undefined
        throw error
      },
    )
  }

  /** Which versions have which labels, as DescribeSecret tells. */
  async described(SecretId: string): Promise<Labels> {
    const asked = new DescribeSecretCommand({ SecretId })
    return (await this.#called((client) => client.send(asked))).VersionIdsToStages ?? {}
  }

  /** The same, as ListSecretVersionIds tells. */
  async listed(SecretId: string): Promise<Labels> {
    const asked = new ListSecretVersionIdsCommand({ SecretId })
    const { Versions = [] } = await this.#called((client) => client.send(asked))
    return Object.fromEntries(Versions.map(({ VersionId = '', VersionStages = [] }) => [VersionId, VersionStages]))
  }

  /** What a reader gets of a secret; while the store is down he waits for it. */
  stagesOf(SecretId: string): StoredStages {
    const at = async (stage: Stage) => {
      const asked = new GetSecretValueCommand({ SecretId, VersionStage: labels[stage] })
      const found = await this.#called((client) => client.send(asked)).catch((error: Error) => {
        if (!isAbsent(error)) throw error
      })
      const { VersionId: versionId = '', SecretString = '' } = found ?? {}
      return found ? [{ stage, versionId, value: new TextValue(SecretString) }] : []
    }
    return { stored: async () => [...(await at('current')), ...(await at('pending')), ...(await at('previous'))] }
  }

  /** Asks again where the store went away, once it is there. */
  async #called<T>(act: (client: SecretsManagerClient) => Promise<T>): Promise<T> {
    for (;;) {
      const client = this.#client
      try {
        if (client) return await act(client)
      } catch (error) {
        // What the store says has a status; all else is that it was killed.
        if (client === this.#client && (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode)
          throw error
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}
