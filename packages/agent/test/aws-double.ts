import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket as NetSocket } from 'node:net'

/** How a call ends: in an answer, or in the way a network fails. */
export type Fault =
  | { readonly status: number; readonly type?: string; readonly message?: string; readonly body?: string }
  | 'reset'
  | 'hang'

interface Version {
  readonly id: string
  text?: string
  base64?: string
  labels: string[]
}

export interface DoubleSecret {
  readonly arn: string
  readonly name: string
  versions: Version[]
  deletedDate?: number
  tags?: readonly string[]
}

interface Input {
  readonly Action?: string
  readonly SecretId?: string
  readonly SecretIdList?: readonly string[]
  readonly VersionId?: string
  readonly VersionStage?: string
  readonly RoleArn?: string
  readonly NextToken?: string
  readonly Filters?: readonly { readonly Key: string; readonly Values: readonly string[] }[]
}

export interface Call {
  readonly operation: string
  readonly input: Input
  readonly userAgent: string
  readonly keyId: string
}

const absent = {
  status: 400,
  type: 'ResourceNotFoundException',
  message: "Secrets Manager can't find the specified secret.",
}
const deleting = {
  status: 400,
  type: 'InvalidRequestException',
  message: "You can't perform this operation on the secret because it was marked for deletion.",
}
const createdDate = 1_569_534_789.046

class Refusal extends Error {
  readonly fault: Fault
  constructor(fault: Fault) {
    super()
    this.fault = fault
  }
}

/** As much of Secrets Manager as the agent asks of it, over HTTP, with every fault that a test wants. Signatures pass. */
export class AwsDouble {
  readonly calls: Call[] = []
  readonly secrets = new Map<string, DoubleSecret>()
  /** By operation; `*` stands for all. */
  faults: Record<string, Fault> = {}
  /** Real milliseconds before each answer. */
  delayMs = 0
  /** When the session of a role that is assumed ends. Default: never in a test's time. */
  sessionsEndAtMs: () => number = () => Date.UTC(2100, 0)
  /** Calls that it will answer and has not yet. */
  answering = 0
  readonly #server: Server
  readonly #sockets = new Set<NetSocket>()

  constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = []
      this.answering += 1
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const operation = String(request.headers['x-amz-target'] ?? 'GetCallerIdentity').split('.')[1] ?? 'sts'
        const text = Buffer.concat(chunks).toString()
        const input = (text.startsWith('{') ? JSON.parse(text) : Object.fromEntries(new URLSearchParams(text))) as Input
        const keyId = /Credential=([^/]+)/.exec(String(request.headers.authorization))?.[1] ?? ''
        const named = input.Action ?? operation
        this.calls.push({
          operation: named,
          input,
          userAgent: String(request.headers['user-agent']),
          keyId,
        })
        const { status, body } = this.#answer(named, input, request.socket)
        setTimeout(
          () => {
            this.answering -= 1
            if (status > 0) response.writeHead(status).end(body)
          },
          status > 0 ? this.delayMs : 0,
        )
      })
    })
    this.#server.on('connection', (socket: NetSocket) => {
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => this.#sockets.delete(socket))
    })
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  add(name: string, text = `value of ${name}`): DoubleSecret {
    const secret: DoubleSecret = {
      arn: `arn:aws:secretsmanager:us-east-1:123456789012:secret:${name}-AbCdEf`,
      name,
      versions: [{ id: versionId(1), text, labels: ['AWSCURRENT'] }],
    }
    this.secrets.set(name, secret)
    return secret
  }

  /** A new current version; the one before becomes the previous one. */
  rotate(name: string, text: string): void {
    const { versions } = this.secrets.get(name) as DoubleSecret
    for (const version of versions) version.labels = version.labels.includes('AWSCURRENT') ? ['AWSPREVIOUS'] : []
    versions.push({ id: versionId(versions.length + 1), text, labels: ['AWSCURRENT'] })
  }

  /** Operations in the order of their calls, since the last time this was asked. */
  taken(): string[] {
    return this.calls.splice(0).map(({ operation }) => operation)
  }

  #answer(operation: string, input: Input, socket: NetSocket): { status: number; body: string } {
    try {
      const fault = this.faults[operation] ?? this.faults['*']
      if (fault) throw new Refusal(fault)
      const result = this.#perform(operation, input)
      return { status: 200, body: typeof result === 'string' ? result : JSON.stringify(result) }
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) throw thrown
      const { fault } = thrown
      if (fault === 'reset') socket.resetAndDestroy()
      if (fault === 'reset' || fault === 'hang') return { status: 0, body: '' }
      const { status, type, message, body } = fault
      return { status, body: body ?? JSON.stringify({ __type: type, Message: message }) }
    }
  }

  #perform(operation: string, input: Input): object | string {
    if (operation === 'GetSecretValue') return this.#value(this.#find(input), input)
    if (operation === 'DescribeSecret') return this.#facts(this.#find(input), 'VersionIdsToStages')
    if (operation === 'BatchGetSecretValue') return this.#batch(input)
    if (operation === 'ListSecrets') return this.#list(input)
    if (operation === 'AssumeRole') return this.#assumed(input)
    if (operation === 'GetCallerIdentity')
      return '<GetCallerIdentityResponse><Account>123456789012</Account><Arn>arn:aws:iam::123456789012:user/a</Arn><UserId>U</UserId></GetCallerIdentityResponse>'
    throw new Refusal({ status: 400, type: 'UnknownOperationException', message: operation })
  }

  #find({ SecretId: id }: Input): DoubleSecret {
    const partial = [...this.secrets.values()].find(
      ({ arn, name }) => arn === id || name === id || arn.slice(0, -7) === id,
    )
    if (!partial) throw new Refusal(absent)
    return partial
  }

  #value(secret: DoubleSecret, { VersionId: id, VersionStage: stage }: Input): object {
    if (secret.deletedDate !== undefined) throw new Refusal(deleting)
    const wanted = stage ?? (id === undefined ? 'AWSCURRENT' : undefined)
    const version = secret.versions.find(
      (candidate) =>
        (id === undefined || candidate.id === id) && (wanted === undefined || candidate.labels.includes(wanted)),
    )
    if (!version) {
      const what = id === undefined ? `staging label: ${wanted}` : `VersionId: ${id}`
      const message = `Secrets Manager can't find the specified secret value for ${what}`
      throw new Refusal({ ...absent, message })
    }
    return {
      ARN: secret.arn,
      Name: secret.name,
      VersionId: version.id,
      ...(version.base64 === undefined ? { SecretString: version.text } : { SecretBinary: version.base64 }),
      VersionStages: version.labels,
      CreatedDate: createdDate,
    }
  }

  #facts({ arn, name, versions, deletedDate }: DoubleSecret, labels: string): object {
    const live = versions.filter((version) => version.labels.length > 0)
    return {
      ARN: arn,
      Name: name,
      [labels]: Object.fromEntries(live.map((version) => [version.id, version.labels])),
      ...(deletedDate !== undefined && { DeletedDate: deletedDate }),
    }
  }

  #batch({ SecretIdList: ids = [] }: Input): object {
    const values: object[] = []
    const errors: object[] = []
    for (const id of ids)
      try {
        values.push(this.#value(this.#find({ SecretId: id }), {}))
      } catch (thrown) {
        const { type, message } = (thrown as Refusal).fault as { type: string; message: string }
        errors.push({ SecretId: id, ErrorCode: type, Message: message })
      }
    return { SecretValues: values, Errors: errors }
  }

  /** Two a page. */
  #list({ Filters: filters = [], NextToken: from = '0' }: Input): object {
    const fits = ({ name, tags = [] }: DoubleSecret): boolean =>
      filters.every(({ Key: key, Values: values }) =>
        values.some((value) => (key === 'name' ? name.startsWith(value) : tags.includes(value))),
      )
    const found = [...this.secrets.values()].filter(fits).map((secret) => this.#facts(secret, 'SecretVersionsToStages'))
    const next = Number(from) + 2
    return { SecretList: found.slice(Number(from), next), ...(next < found.length && { NextToken: String(next) }) }
  }

  /** Credentials by whose key the role is told again. */
  #assumed({ RoleArn: arn = '' }: Input): string {
    const expiration = new Date(this.sessionsEndAtMs()).toISOString()
    return (
      '<AssumeRoleResponse><AssumeRoleResult><Credentials>' +
      `<AccessKeyId>ASIA-${arn.split('/').at(-1)}</AccessKeyId><SecretAccessKey>k</SecretAccessKey>` +
      `<SessionToken>t</SessionToken><Expiration>${expiration}</Expiration>` +
      '</Credentials></AssumeRoleResult></AssumeRoleResponse>'
    )
  }
}

export const versionId = (number: number): string =>
  `${String(number).repeat(8).slice(0, 8)}-1111-4111-8111-111111111111`
