import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type AwsCredentials,
  type BatchGetSecretValueResponse,
  type CreateSecretResponse,
  type DescribeSecretResponse,
  type GetSecretValueResponse,
  type ListSecretsResponse,
  type ListSecretVersionIdsResponse,
  signRequest,
} from '@keyplane/aws'
import { systemRandom } from '@keyplane/core'
import { fileRootKey } from '@keyplane/sealing'
import {
  type CallReport,
  parseIam,
  type RunningStore,
  type StoreDatabase,
  type StoreSettings,
  startStore,
} from '@keyplane/store'
import { type FakeClock, fakeClock } from '@keyplane/testkit'
import { type TestDatabase, testDatabase } from './test-database.ts'

export const account = '000000000000'
export const region = 'eu-west-1'
export const developer: AwsCredentials = {
  accessKeyId: 'AKIADEVELOPER0000001',
  secretAccessKey: 'developer-secret-access-key-01',
}
export const iamFile = (owner = account): string =>
  JSON.stringify({
    account: owner,
    users: [{ name: 'developer', accessKeys: [developer], policies: ['AdministratorAccess'] }],
  })

/** What a call sends. */
export type Body = Readonly<Record<string, unknown>>

/** An answer's members, read as clients read them; those of another operation are not there. */
export type AnswerBody = Required<
  CreateSecretResponse &
    GetSecretValueResponse &
    DescribeSecretResponse &
    ListSecretsResponse &
    ListSecretVersionIdsResponse &
    BatchGetSecretValueResponse
> & {
  readonly __type: string
  readonly Message?: string
  readonly message?: string
} & Body

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  readonly body: AnswerBody
}

export interface SentRequest {
  readonly operation?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string
  readonly credentials?: AwsCredentials
  readonly region?: string
  readonly service?: string
  /** How far the client's clock is off. */
  readonly offMs?: number
  /** Changes the headers after they were signed. */
  readonly tamper?: (headers: Record<string, string>) => Record<string, string>
}

/** A store in a folder of its own, with a clock that stands still, and a client that signs by that clock. */
export class TestStore {
  readonly folder: string
  readonly data: TestDatabase
  readonly clock: FakeClock
  readonly reports: CallReport[] = []
  readonly problems: unknown[] = []
  readonly changes: string[] = []
  /** As it was last started with. */
  iam: StoreSettings['iam'] = parseIam(iamFile())
  running: RunningStore | undefined

  constructor(folder: string = mkdtempSync(join(tmpdir(), 'store-')), clock: FakeClock = fakeClock()) {
    this.folder = folder
    this.clock = clock
    this.data = testDatabase(folder)
  }

  /** Where its data is, on whichever engine. */
  get database(): StoreDatabase {
    return this.data.address
  }

  /** The SQLite file; only for what concerns that engine alone. */
  get databasePath(): string {
    return join(this.folder, 'store.db')
  }

  get rootKeyPath(): string {
    return join(this.folder, 'root.key')
  }

  async start(options: Partial<StoreSettings> = {}): Promise<this> {
    await this.data.make()
    this.iam = options.iam ?? this.iam
    this.running = await startStore({
      ...this.database,
      rootKey: fileRootKey({ path: this.rootKeyPath, random: systemRandom }),
      iam: this.iam,
      port: 0,
      clock: this.clock,
      onCall: (report) => this.reports.push(report),
      onChange: ({ name }) => this.changes.push(name),
      log: (problem) => this.problems.push(problem),
      ...options,
    })
    return this
  }

  async stop(): Promise<void> {
    await this.running?.close()
    this.running = undefined
  }

  async remove(): Promise<void> {
    await this.stop()
    await this.data.remove()
    rmSync(this.folder, { recursive: true })
  }

  /** Calls an operation and gives its output. Fails the test if it is refused. */
  async ok(operation: string, input: Body, sent: Partial<SentRequest> = {}): Promise<AnswerBody> {
    const { status, body } = await this.call(operation, input, sent)
    if (status !== 200) throw new Error(`${operation}: ${status} ${JSON.stringify(body)}`)
    return body
  }

  /** Calls an operation and gives the name and message of its refusal. */
  async refused(operation: string, input: unknown, sent: Partial<SentRequest> = {}): Promise<string> {
    const { status, body } = await this.call(operation, input, sent)
    if (status === 200) throw new Error(`${operation} was not refused: ${JSON.stringify(body)}`)
    return `${body.__type}: ${body.Message ?? body.message}`
  }

  call(operation: string, input: unknown, sent: Partial<SentRequest> = {}): Promise<Answer> {
    const withToken = ['CreateSecret', 'PutSecretValue', 'UpdateSecret'].includes(operation)
    const token = withToken && { ClientRequestToken: crypto.randomUUID() }
    const body = JSON.stringify(typeof input === 'object' && input ? { ...token, ...input } : input)
    return this.send({ operation, body, ...sent })
  }

  send(sent: SentRequest): Promise<Answer> {
    const port = this.running?.port ?? 0
    const headers: Record<string, string> = {
      host: `127.0.0.1:${port}`,
      'content-type': 'application/x-amz-json-1.1',
      ...(sent.operation !== undefined && { 'x-amz-target': `secretsmanager.${sent.operation}` }),
      ...sent.headers,
    }
    const signed = signRequest({
      method: 'POST',
      target: '/',
      headers,
      body: sent.body,
      credentials: sent.credentials ?? developer,
      region: sent.region ?? region,
      service: sent.service ?? 'secretsmanager',
      atMs: this.clock.nowMs() + (sent.offMs ?? 0),
    })
    const all = { ...headers, ...signed }
    return post(port, sent.tamper?.(all) ?? all, sent.body)
  }
}

export const post = (port: number, headers: Readonly<Record<string, string>>, body: string): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, method: 'POST', path: '/', headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        const json = String(response.headers['content-type']).includes('json')
        const parsed = (json ? JSON.parse(text) : {}) as AnswerBody
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: parsed })
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })

/** A ClientRequestToken that a test can name again. */
export const tokenOf = (name: string): string => name.padEnd(36, '-')
