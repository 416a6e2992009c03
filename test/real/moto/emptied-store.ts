import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as sm from '@aws-sdk/client-secrets-manager'
import type { AwsCredentials } from '@keyplane/aws'
import { systemRandom } from '@keyplane/core'
import { fileRootKey } from '@keyplane/sealing'
import { parseIam, type RunningStore, startStore } from '@keyplane/store'
import { MotoServer } from '../aws-sources/moto-server.ts'
import { LambdaFunctions } from './lambda-functions.ts'

const functionsRegion = 'us-east-1'

/** The account of moto's tests. */
export const motoAccount = '123456789012'

const credentials: AwsCredentials = {
  accessKeyId: 'AKIAMOTOTESTS0000001',
  secretAccessKey: 'secret-access-key-of-motos-tests',
}

const iam = parseIam(
  JSON.stringify({
    account: motoAccount,
    users: [{ name: 'moto', accessKeys: [credentials], policies: ['AdministratorAccess'] }],
  }),
)

/** A store, and before it an address that empties it where moto's tests ask for that, and has what they ask of other services. */
export class EmptiedStore {
  readonly #folder = mkdtempSync(join(tmpdir(), 'moto-tests-'))
  readonly #server: Server
  /** Where something may be. */
  readonly #regions = new Set<string>()
  /** Why it could not answer. */
  readonly problems: unknown[] = []
  readonly #moto = new MotoServer()
  readonly #functions = new LambdaFunctions({
    folder: this.#folder,
    account: motoAccount,
    region: functionsRegion,
    credentials,
    endpoint: () => this.url,
  })
  #store: RunningStore | undefined

  constructor() {
    this.#server = createServer((incoming, answer) => {
      this.#answer(incoming, answer).catch((error: unknown) => {
        this.problems.push(error)
        answer.destroy()
      })
    })
  }

  async start(): Promise<void> {
    const rootKey = fileRootKey({ path: join(this.#folder, 'root.key'), random: systemRandom })
    await this.#moto.start()
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    const functions = { url: this.url, region: functionsRegion, credentials }
    this.#store = await startStore({
      databasePath: join(this.#folder, 'store.sqlite'),
      rootKey,
      iam,
      functions,
      port: 0,
    })
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
    await this.#store?.close()
    await this.#functions.stop()
    await this.#moto.stop()
    rmSync(this.#folder, { recursive: true })
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** What moto's tests find in their environment. */
  get environment(): Readonly<Record<string, string>> {
    return {
      TEST_SERVER_MODE: 'true',
      TEST_SERVER_MODE_ENDPOINT: this.url,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_MAX_ATTEMPTS: '1',
      PYTHONDONTWRITEBYTECODE: '1',
    }
  }

  async #answer(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    if (incoming.url === '/moto-api/reset') {
      for (const region of this.#regions) await this.#empty(region)
      this.#regions.clear()
      await this.#moto.reset()
      answer.end('{}')
      return
    }
    const scope = /\/([a-z0-9-]+)\/(\w+)\/aws4_request/
    const [, region = '', service = ''] = scope.exec(incoming.headers.authorization ?? '') ?? []
    // Roles and tables are moto's own.
    if (service === 'iam' || service === 'dynamodb') return this.#pass(incoming, answer, this.#moto.endpoint)
    if (service === 'lambda') {
      const url = this.#functions.invokedAt(incoming)
      return url === undefined ? this.#functions.answer(incoming, answer) : this.#pass(incoming, answer, url)
    }
    this.#regions.add(region)
    this.#pass(incoming, answer, this.#store?.url ?? '')
  }

  /** With the client's own Host header, which is signed. */
  #pass(incoming: IncomingMessage, answer: ServerResponse, to: string): void {
    const { method, url = '', headers } = incoming
    const passed = request(new URL(to), { method, path: url, headers, agent: false })
    passed.on('response', (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers)
      response.pipe(answer)
    })
    passed.on('error', (error) => answer.destroy(error))
    incoming.pipe(passed)
  }

  /** Deletes all secrets of a region, replicas with their primaries. A name is free at once after that. */
  async #empty(region: string): Promise<void> {
    const client = new sm.SecretsManagerClient({ region, endpoint: this.#store?.url ?? '', credentials })
    try {
      const { SecretList = [] } = await client.send(
        new sm.ListSecretsCommand({ IncludePlannedDeletion: true, MaxResults: 100 }),
      )
      for (const { ARN: SecretId, PrimaryRegion = region } of SecretList) {
        if (PrimaryRegion !== region) continue
        const { ReplicationStatus = [] } = await client.send(new sm.DescribeSecretCommand({ SecretId }))
        const RemoveReplicaRegions = ReplicationStatus.map(({ Region = '' }) => Region)
        if (RemoveReplicaRegions.length > 0)
          await client.send(new sm.RemoveRegionsFromReplicationCommand({ SecretId, RemoveReplicaRegions }))
        await client.send(new sm.DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true }))
      }
    } finally {
      client.destroy()
    }
  }
}
