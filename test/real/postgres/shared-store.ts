import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { join } from 'node:path'
import { systemRandom } from '@keyplane/core'
import { fileRootKey, type RootKeySource } from '@keyplane/sealing'
import {
  bareEnvironment,
  keyplane,
  type PlaneFacts,
  type ProcessOptions,
  type RunningProcess,
} from '../../../packages/cli/test/keyplane-process.ts'
import { ScratchFolder } from '../../../packages/cli/test/scratch-folder.ts'

const accessKey = { accessKeyId: 'AKIASHAREDSTORE00001', secretAccessKey: 'shared-store-secret-access-key' }

/** One store process on a database that others share, with a data folder of its own, and a client of it. */
export interface SharedStore {
  readonly process: RunningProcess
  readonly client: SecretsManagerClient
}

/** Store processes on one database: the same root key and users in a folder each. */
export class SharedStores {
  readonly folder: ScratchFolder = new ScratchFolder()
  readonly stores: SharedStore[] = []
  readonly #databaseUrl: string | undefined
  readonly #parent: string
  readonly #rootKey = systemRandom.bytes(32)
  #made = 0

  /** Without an address a store is on SQLite, in a data folder inside `parent`. */
  constructor(databaseUrl: string | undefined, parent?: string) {
    this.#databaseUrl = databaseUrl
    this.#parent = parent ?? this.folder.path
  }

  /** The SQLite file of the first store. */
  get databasePath(): string {
    return join(this.#parent, 'store-1', 'store.sqlite')
  }

  get rootKey(): RootKeySource {
    return fileRootKey({ path: join(this.#parent, 'store-1', 'root.key'), random: systemRandom })
  }

  /** Starts this many processes at the same time. */
  async start(count: number, how: Pick<ProcessOptions, 'under'> = {}): Promise<readonly SharedStore[]> {
    const started = await Promise.all(Array.from({ length: count }, () => this.#startOne(how)))
    this.stores.push(...started)
    return started
  }

  /** Ends a process at once, and forgets it. */
  async kill(store: SharedStore): Promise<void> {
    this.stores.splice(this.stores.indexOf(store), 1)
    store.client.destroy()
    await store.process.stop('SIGKILL')
  }

  async killAll(): Promise<void> {
    await Promise.all(this.stores.splice(0).map(({ process }) => process.stop('SIGKILL')))
  }

  async end(): Promise<void> {
    for (const { client, process } of this.stores.splice(0)) {
      client.destroy()
      await process.stop()
    }
  }

  async remove(): Promise<void> {
    await this.end()
    this.folder.remove()
  }

  async #startOne(how: Pick<ProcessOptions, 'under'>): Promise<SharedStore> {
    const data = join(this.#parent, `store-${(this.#made += 1)}`)
    mkdirSync(data, { mode: 0o700 })
    const users = [{ name: 'developer', accessKeys: [accessKey] }]
    const keep = (name: string, text: string | Uint8Array): void =>
      writeFileSync(`${data}/${name}`, text, { mode: 0o600 })
    keep('root.key', this.#rootKey)
    keep('iam.json', JSON.stringify({ account: '000000000000', users }))
    const args = ['store', '--port', '0', '--json', '--data', data]
    if (this.#databaseUrl !== undefined) {
      keep('url', this.#databaseUrl)
      args.push('--database-url-file', `${data}/url`)
    }
    const process = keyplane(args, { cwd: this.folder.path, env: bareEnvironment(this.folder.path), ...how })
    const { storeUrl } = JSON.parse(await process.firstLine()) as PlaneFacts
    const client = new SecretsManagerClient({
      endpoint: storeUrl,
      region: 'eu-west-1',
      // The client writes into what it is given.
      credentials: { ...accessKey },
      maxAttempts: 1,
    })
    rmSync(`${data}/running.json`)
    return { process, client }
  }
}

/** A version that a client asked for. */
export interface Asked {
  readonly secretId: string
  readonly versionId: string
  readonly value: string
  /** Of the answer; absent: none came, or a refusal. */
  requestId?: string
  refusal?: string
}

const statusOf = (error: unknown): number | undefined =>
  (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode

/** Writes one version, and notes what came of it. */
export const ask = async (
  client: SecretsManagerClient,
  secretId: string,
  how: 'create' | 'put' = 'put',
): Promise<Asked> => {
  const versionId = Buffer.from(systemRandom.bytes(16)).toString('hex')
  const asked: Asked = { secretId, versionId, value: `${secretId} ${versionId.repeat(20)}` }
  const input = { ClientRequestToken: versionId, SecretString: asked.value }
  try {
    const { $metadata } =
      how === 'create'
        ? await client.send(new CreateSecretCommand({ Name: secretId, ...input }))
        : await client.send(new PutSecretValueCommand({ SecretId: secretId, ...input }))
    asked.requestId = $metadata.requestId ?? 'none'
  } catch (error) {
    asked.refusal = `${statusOf(error) ?? 'no answer'} ${(error as Error).name}`
  }
  return asked
}

/** Acknowledged versions that a store does not have, and versions with another value than was asked for. */
export const lost = async (client: SecretsManagerClient, all: readonly Asked[]): Promise<readonly string[]> => {
  const problems: string[] = []
  const left = [...all]
  const look = async (): Promise<void> => {
    for (let asked = left.pop(); asked; asked = left.pop()) {
      const { secretId, versionId, value, requestId } = asked
      const found = await client
        .send(new GetSecretValueCommand({ SecretId: secretId, VersionId: versionId }))
        .then(({ SecretString }) => SecretString)
        .catch((error: unknown) => (statusOf(error) === 400 ? undefined : String(error)))
      if (found !== value && (found !== undefined || requestId !== undefined))
        problems.push(`${versionId} of ${secretId}: ${found === undefined ? 'lost' : found.slice(0, 60)}`)
    }
  }
  await Promise.all(Array.from({ length: 16 }, look))
  return problems
}
