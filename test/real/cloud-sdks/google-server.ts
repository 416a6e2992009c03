import { GcpDouble, GrpcError } from '../../../packages/providers/test/gcp-double.ts'
import type { GcpCallOptions, GcpSecretVersion } from '../../../packages/providers/src/gcp-client.ts'
import { type Answer, type Question, type RunningServer, startServer } from './http-server.ts'

/** gRPC's statuses as Google's REST answers spell them. */
const httpStatus: Readonly<Record<number, readonly [status: number, name: string]>> = {
  3: [400, 'INVALID_ARGUMENT'],
  5: [404, 'NOT_FOUND'],
  6: [409, 'ALREADY_EXISTS'],
  7: [403, 'PERMISSION_DENIED'],
  9: [400, 'FAILED_PRECONDITION'],
  14: [503, 'UNAVAILABLE'],
}

const options: GcpCallOptions = { retry: null, timeout: 1_000 }
const states: Readonly<Record<string, number>> = { ENABLED: 1, DISABLED: 2, DESTROYED: 3 }

const moment = '2019-09-26T21:53:09.046Z'
/** As the SDK asks for it: enumerations by number. */
const versionOf = ({ name, state }: GcpSecretVersion): object => ({
  name,
  createTime: moment,
  state: states[String(state)],
})

const all = async <T>(list: AsyncIterable<T>): Promise<T[]> => {
  const found: T[] = []
  for await (const entry of list) found.push(entry)
  return found
}

/** Two a page, so that every list has pages. */
const page = (name: string, entries: readonly object[], { searchParams }: URL): object => {
  const from = Number(searchParams.get('pageToken') ?? 0)
  const more = from + 2 < entries.length ? { nextPageToken: String(from + 2) } : {}
  return { [name]: entries.slice(from, from + 2), ...more }
}

/** Google's Secret Manager as REST, over the double that the unit tests use. @see https://cloud.google.com/secret-manager/docs/reference/rest */
export class GoogleServer {
  readonly double: GcpDouble = new GcpDouble()
  readonly asked: string[] = []
  babbles = false
  #server: RunningServer | undefined

  get port(): number {
    return this.#server?.port ?? 0
  }

  async start(): Promise<this> {
    this.#server = await startServer((question) => this.#answer(question))
    return this
  }

  async stop(): Promise<void> {
    await this.#server?.stop()
  }

  async #answer(question: Question): Promise<Answer> {
    this.asked.push(`${question.method} ${question.url.pathname}`)
    if (this.babbles) return { status: 200, text: '{"payload":plain-canary-7f3a91' }
    try {
      return { status: 200, json: await this.#perform(question) }
    } catch (thrown) {
      if (!(thrown instanceof GrpcError)) throw thrown
      const [status, name] = httpStatus[thrown.code] ?? [500, 'INTERNAL']
      return { status, json: { error: { code: status, message: thrown.message, status: name } } }
    }
  }

  async #perform({ method, url, headers, body }: Question): Promise<object> {
    const name = decodeURIComponent(url.pathname.slice('/v1/'.length))
    if (headers.authorization !== 'Bearer token-of-this-test') throw new GrpcError(7, 'no token')
    if (method === 'DELETE') return (await this.double.deleteSecret({ name }, options))[0] ?? {}
    if (method === 'POST' && name.endsWith(':addVersion')) {
      const { data, dataCrc32c } = JSON.parse(body).payload
      const payload = { data: Buffer.from(data, 'base64'), dataCrc32c }
      const parent = name.slice(0, -':addVersion'.length)
      return versionOf((await this.double.addSecretVersion({ parent, payload }, options))[0])
    }
    const parent = name.slice(0, name.lastIndexOf('/'))
    if (method === 'POST') {
      const secretId = url.searchParams.get('secretId') ?? ''
      return (await this.double.createSecret({ parent, secretId }, options))[0]
    }
    if (name.endsWith(':access')) {
      const wanted = name.slice(0, -':access'.length)
      const [{ name: full, payload }] = await this.double.accessSecretVersion({ name: wanted }, options)
      const data = Buffer.from(payload?.data ?? []).toString('base64')
      return { name: full, payload: payload && { data, dataCrc32c: payload.dataCrc32c } }
    }
    if (name.endsWith('/versions')) {
      const versions = await all(this.double.listSecretVersionsAsync({ parent }, options))
      return page('versions', versions.map(versionOf), url)
    }
    const secrets = await all(this.double.listSecretsAsync({ parent, pageSize: 2 }, options))
    return page(
      'secrets',
      secrets.map((secret) => ({ name: secret.name, createTime: moment })),
      url,
    )
  }
}
