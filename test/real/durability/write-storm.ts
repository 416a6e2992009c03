import {
  CreateSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretCommand,
} from '@aws-sdk/client-secrets-manager'
import type { Random } from '@keyplane/core'

/** A write that a client asked for, and whether the store said that it was done. */
export interface Write {
  readonly secretId: string
  readonly versionId: string
  readonly value: string
  /** The acknowledgement's; absent: none came. */
  requestId?: string
}

/** AWS keeps the latest hundred versions without a label; a secret gets fewer than that. */
const writesPerSecret = 40

/** Writers that write through AWS's own client as fast as they are answered, until the connection breaks. */
export class WriteStorm {
  readonly writes: Write[] = []
  /** What the store itself refused: a storm of valid writes has none. */
  readonly refusals: string[] = []
  readonly #client: SecretsManagerClient
  readonly #random: Random
  readonly #name: string
  #stopped = false

  constructor(name: string, random: Random) {
    this.#client = new SecretsManagerClient({ maxAttempts: 1 })
    this.#random = random
    this.#name = name
  }

  /** Resolves when every writer has met its end. */
  async run(writers: number): Promise<void> {
    await Promise.all(Array.from({ length: writers }, (_, index) => this.#write(`${this.#name}/${index}`)))
    this.#client.destroy()
  }

  stop(): void {
    this.#stopped = true
  }

  async #write(writer: string): Promise<void> {
    for (let count = 0; !this.#stopped; count += 1) {
      const [secret, step] = [Math.floor(count / writesPerSecret), count % writesPerSecret]
      if (!(await this.#one(`${writer}/${secret}`, step))) return
    }
  }

  async #one(secretId: string, step: number): Promise<boolean> {
    // From a few bytes to many pages of the database.
    const size = step % 10 === 9 ? 12_000 : 40 + step * 20
    const write: Write = {
      secretId,
      versionId: Buffer.from(this.#random.bytes(16)).toString('hex'),
      value: `${secretId} ${step} ${Buffer.from(this.#random.bytes(size)).toString('base64')}`,
    }
    this.writes.push(write)
    try {
      write.requestId = (await this.#send(write, step)) ?? 'none'
      return true
    } catch (error) {
      // An answer of the store has a status; a broken connection has none.
      const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode
      if (status !== undefined) this.refusals.push(`${step} of ${secretId}: ${status} ${String(error)}`)
      return false
    }
  }

  async #send({ secretId, versionId, value }: Write, step: number): Promise<string | undefined> {
    const [ClientRequestToken, SecretString] = [versionId, value]
    const { $metadata } =
      step === 0
        ? await this.#client.send(new CreateSecretCommand({ Name: secretId, ClientRequestToken, SecretString }))
        : step % 2 === 0
          ? await this.#client.send(new UpdateSecretCommand({ SecretId: secretId, ClientRequestToken, SecretString }))
          : await this.#client.send(new PutSecretValueCommand({ SecretId: secretId, ClientRequestToken, SecretString }))
    return $metadata.requestId
  }
}
