import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AwsCredentials } from '@keyplane/aws'
import { systemRandom } from '@keyplane/core'
import { fileRootKey } from '@keyplane/sealing'
import { parseIam, type RunningStore, startStore } from '@keyplane/store'

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

/** One address, behind it a store that is replaced by an empty one where moto's tests ask for that. */
export class FreshStores {
  readonly #folder = mkdtempSync(join(tmpdir(), 'moto-tests-'))
  readonly #server: Server
  /** Why it could not answer. */
  readonly problems: unknown[] = []
  #store: RunningStore | undefined
  #started = 0
  #used = false

  constructor() {
    this.#server = createServer((incoming, answer) => {
      this.#answer(incoming, answer).catch((error: unknown) => {
        this.problems.push(error)
        answer.destroy()
      })
    })
  }

  async start(): Promise<this> {
    await this.#replace()
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return this
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
    await this.#store?.close()
    rmSync(this.#folder, { recursive: true })
  }

  /** What moto's tests find in their environment. */
  get environment(): Readonly<Record<string, string>> {
    const { port } = this.#server.address() as AddressInfo
    return {
      TEST_SERVER_MODE: 'true',
      TEST_SERVER_MODE_ENDPOINT: `http://127.0.0.1:${port}`,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_MAX_ATTEMPTS: '1',
      PYTHONDONTWRITEBYTECODE: '1',
    }
  }

  async #answer(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    if (incoming.url === '/moto-api/reset') {
      if (this.#used) await this.#replace()
      answer.end('{}')
      return
    }
    // Functions, roles and tables of rotation tests are nowhere here; some ask for them until they are.
    if (!/\/(secretsmanager|sts|kms|ssm)\/aws4_request/.test(incoming.headers.authorization ?? '')) {
      incoming.destroy()
      return
    }
    this.#used = true
    // With the client's own Host header, which is signed.
    const { method, url, headers } = incoming
    const passed = request({ host: '127.0.0.1', port: this.#store?.port, method, path: url, headers, agent: false })
    passed.on('response', (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers)
      response.pipe(answer)
    })
    passed.on('error', (error) => answer.destroy(error))
    incoming.pipe(passed)
  }

  async #replace(): Promise<void> {
    await this.#store?.close()
    this.#started += 1
    const folder = join(this.#folder, String(this.#started))
    this.#store = await startStore({
      databasePath: join(folder, 'store.sqlite'),
      rootKey: fileRootKey({ path: join(this.#folder, 'root.key'), random: systemRandom }),
      iam,
      port: 0,
    })
    this.#used = false
  }
}
