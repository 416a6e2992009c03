import {
  BytesValue,
  SecretsError,
  type SecretRef,
  type SecretValue,
  type SecretVersion,
  TextValue,
} from '@keyplane/core'
import { memoryProvider } from '@keyplane/secrets/providers'
import { fakeClock, seededRandom } from '@keyplane/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parseAgentConfig } from '../src/config.ts'
import { startAgent } from '../src/start-agent.ts'
import { memoryLog } from './memory-log.ts'
import { token } from './token.ts'
import { type Answer, exchange, parseAnswer } from './wire.ts'

/** A source whose versions a test lists, the last one current. */
class Versions {
  readonly name = 'versions'
  readonly #versions: readonly SecretVersion[]
  failure: SecretsError | undefined

  constructor(
    ...versions: readonly { readonly version: string; readonly createdAtMs: number; readonly value: SecretValue }[]
  ) {
    this.#versions = versions.map((version) => Object.freeze({ id: 'app/db', name: 'app/db', ...version }))
  }

  async get({ id, version, stage }: SecretRef): Promise<SecretVersion> {
    if (this.failure) throw this.failure
    const found =
      version === undefined
        ? this.#versions.at(stage === 'previous' ? -2 : -1)
        : this.#versions.find((other) => other.version === version)
    if (id !== 'app/db') throw new SecretsError('secret_not_found', 'none')
    if (!found) throw new SecretsError('version_not_found', 'none')
    return found
  }
}

const uuids = new Versions(
  { version: 'a-uuid', createdAtMs: 1_000_000, value: new TextValue('{"password":"old"}') },
  { version: 'b-uuid', createdAtMs: 2_000_000, value: new TextValue('{"password":"new","port":5432}') },
)
const numbers = new Versions(
  { version: '1', createdAtMs: 1_000_000, value: new TextValue('first') },
  { version: '2', createdAtMs: 1_000_000, value: new TextValue('second') },
  { version: '3', createdAtMs: 1_000_000, value: new BytesValue(Uint8Array.of(255)) },
)

const start = async (source: Versions | ReturnType<typeof memoryProvider> = uuids, toml = 'vault_port = 0') => {
  const log = memoryLog()
  const agent = await startAgent({
    config: parseAgentConfig(`http_port = 0\n[keyplane]\n${toml}`),
    source,
    env: { AWS_TOKEN: token, APP_TOKEN: 'app-token' },
    log,
    announce: () => {},
    clock: fakeClock(),
    random: seededRandom(1),
  })
  onTestFinished(() => agent.close())
  const send = async (
    target: string,
    headers: readonly string[],
    method = 'GET',
    port = agent.vaultPort ?? agent.port,
  ) => {
    const head = [`${method} ${target} HTTP/1.1`, 'Host: 127.0.0.1', 'Connection: close', ...headers, '', '']
    // What HEAD's headers announce does not come: its end is the connection's.
    return parseAnswer(await exchange(port, [head.join('\r\n')], method === 'HEAD' ? {} : { answers: 1 }))
  }
  const ask = (target: string, ...headers: readonly string[]): Promise<Answer> =>
    send(target, [`X-Vault-Token: ${token}`, ...headers])
  return { agent, ask, send, log }
}

const dataOf = ({ body }: Answer) => (JSON.parse(body) as { data: { data: unknown; metadata: unknown } }).data

describe('a read of KV', () => {
  it('has Vault’s answer', async () => {
    const { ask } = await start()
    const { status, body } = await ask('/v1/secret/data/app/db')
    expect(status).toBe(200)
    expect(body.replace(/"request_id":"[0-9a-f-]{36}"/, '"request_id":"…"')).toBe(
      '{"request_id":"…","lease_id":"","renewable":false,"lease_duration":0,' +
        '"data":{"data":{"password":"new","port":5432},"metadata":{"created_time":"1970-01-01T00:33:20.000Z",' +
        '"custom_metadata":null,"deletion_time":"","destroyed":false,"version":2000}},' +
        '"wrap_info":null,"warnings":null,"auth":null}',
    )
  })

  it.each([
    ['', { password: 'new', port: 5432 }],
    ['?version=0', { password: 'new', port: 5432 }],
    ['?version=2000', { password: 'new', port: 5432 }],
    ['?version=1000', { password: 'old' }],
  ])('finds a version of a source that does not count: %j', async (query, fields) => {
    expect(dataOf(await (await start()).ask(`/v1/secret/data/app/db${query}`)).data).toEqual(fields)
  })

  it.each([
    ['', { value_base64: '/w==' }, 3],
    ['?version=3', { value_base64: '/w==' }, 3],
    ['?version=1', { value: 'first' }, 1],
  ])('finds a version of a source that counts: %j', async (query, fields, version) => {
    const { data, metadata } = dataOf(await (await start(numbers)).ask(`/v1/secret/data/app/db${query}`))
    expect(data).toEqual(fields)
    expect(metadata).toMatchObject({ version })
  })

  it.each(['nope', 'app/db?version=7', 'app', 'app/'])('of %s is 404 without a text', async (path) => {
    for (const source of [uuids, numbers])
      expect(await (await start(source)).ask(`/v1/secret/data/${path}`)).toMatchObject({
        status: 404,
        body: '{"errors":[]}',
      })
  })

  it('takes a failure of the source for none', async () => {
    const source = new Versions()
    const { ask } = await start(source)
    source.failure = new SecretsError('access_denied', 'upstream words')
    expect(await ask('/v1/secret/data/a')).toMatchObject({ status: 403, body: '{"errors":["permission denied"]}' })
    source.failure = new SecretsError('internal', 'a detail')
    expect(await ask('/v1/secret/data/b')).toMatchObject({ status: 500, body: '{"errors":["internal error"]}' })
  })
})

describe('a client of Vault’s', () => {
  it('learns what is mounted, and nothing of other paths', async () => {
    const { ask } = await start()
    const { body } = await ask('/v1/sys/internal/ui/mounts/secret/app/db')
    expect(JSON.parse(body)).toMatchObject({ data: { type: 'kv', path: 'secret/', options: { version: '2' } } })
    expect((await ask('/v1/sys/internal/ui/mounts/other')).status).toBe(403)
    expect(await ask('/v1/other/data/x')).toMatchObject({
      status: 404,
      body: '{"errors":["no handler for route \\"other/data/x\\". route entry not found."]}',
    })
  })

  it('is told that its token is good, and not the token', async () => {
    const { ask } = await start()
    const { status, body } = await ask('/v1/auth/token/lookup-self')
    expect(status).toBe(200)
    expect(body).not.toContain(token)
  })

  it('may show the token as Bearer, and is refused without in Vault’s words', async () => {
    const { send } = await start()
    expect((await send('/v1/secret/data/app/db', [`Authorization: Bearer ${token}`])).status).toBe(200)
    for (const headers of [[], ['X-Vault-Token: wrong'], ['Authorization: Bearer wrong']])
      for (const target of [
        '/v1/secret/data/app/db',
        '/v1/auth/token/lookup-self',
        '/v1/nope',
        '/secretsmanager/get',
        '/ping',
      ])
        expect(await send(target, headers)).toMatchObject({ status: 403, body: '{"errors":["permission denied"]}' })
  })

  it('asks how the server stands without a token, by GET and HEAD', async () => {
    const { send } = await start()
    for (const name of ['health', 'seal-status', 'init'])
      expect(JSON.parse((await send(`/v1/sys/${name}`, [])).body)).toMatchObject({ initialized: true })
    const head = await send('/v1/sys/health', [], 'HEAD')
    expect([head.status, head.body]).toEqual([200, ''])
    expect((await send('/v1/sys/health', ['X-Forwarded-For: 1'])).status).toBe(403)
  })

  it.each([
    ['PUT', '/v1/secret/data/x', [], 405],
    ['POST', '/v1/secret/data/x', [], 405],
    ['DELETE', '/v1/secret/data/x', [], 405],
    ['LIST', '/v1/secret/metadata', [], 405],
    ['LIST', '/v1/secret/metadata', ['Content-Length: 0'], 405],
    ['GET', '/v1/secret/data/app/db?list=true', [], 405],
    ['GET', '/v1/secret/metadata/x', [], 405],
    ['HEAD', '/v1/secret/data/app/db', [], 405],
    ['GET', '/v1/secret/data/app/db', ['X-Vault-Namespace: team'], 400],
    ['GET', '/v1/secret/data/app/db', ['X-Vault-Wrap-TTL: 60'], 400],
    ['GET', '/v1/secret/data/app/db', ['X-Forwarded-For: 1'], 403],
    ['GET', 'http://evil.example/v1/secret/data/app/db', [], 403],
    ['GET', '/v1/secret/data/../../x', [], 400],
    ['GET', '/v1/secret/data/app/db', ['X-Vault-Namespace: /'], 200],
  ])('%s %s %j is %i, in Vault’s form', async (method, target, headers, status) => {
    const { send } = await start()
    const answer = await send(target, [`X-Vault-Token: ${token}`, ...headers], method)
    expect(answer.status).toBe(status)
    if (method !== 'HEAD' && status !== 200) expect(JSON.parse(answer.body)).toHaveProperty('errors')
  })

  it('reads what its scope names', async () => {
    const scoped =
      'vault_port = 0\n[[keyplane.clients]]\nname = "app"\ntoken = "env://APP_TOKEN"\nsecrets = ["app/*"]\n'
    const { send } = await start(uuids, scoped)
    expect((await send('/v1/secret/data/app/db', ['X-Vault-Token: app-token'])).status).toBe(200)
    expect(await send('/v1/secret/data/other', ['X-Vault-Token: app-token'])).toMatchObject({
      status: 403,
      body: '{"errors":["permission denied"]}',
    })
  })

  it('leaves no value and no token in the log', async () => {
    const { ask, log } = await start()
    await ask('/v1/secret/data/app/db')
    expect(log.lines.join('\n')).toContain('"secretId":"app/db"')
    expect(log.lines.join('\n')).not.toMatch(/password|5432|test-token/)
  })
})

describe('declared mounts without a port of their own', () => {
  const toml = 'vault_mounts = ["secret"]'

  it('are answered beside the agent’s own requests', async () => {
    const { ask, send } = await start(uuids, toml)
    expect(dataOf(await ask('/v1/secret/data/app/db')).data).toEqual({ password: 'new', port: 5432 })
    expect((await ask('/secretsmanager/get?secretId=app/db')).body).toMatch(/^\{"ARN":/)
    expect((await ask('/v1/app/db')).body).toMatch(/^\{"ARN":/)
    expect((await send('/ping', [])).body).toBe('healthy')
    expect((await send('/v1/sys/health', [])).status).toBe(200)
    expect(await send('/v1/secret/data/app/db', [])).toMatchObject({
      status: 403,
      body: '{"errors":["permission denied"]}',
    })
    expect(await send('/v1/app/db', [])).toMatchObject({ status: 403, body: 'Bad Token' })
  })

  it('are the only way: without them the path is a secret’s name', async () => {
    const { ask } = await start(uuids, '')
    expect((await ask('/v1/secret/data/app/db')).body).toContain('ResourceNotFoundException')
  })

  it('are not answered where they have a port', async () => {
    const { agent, send } = await start()
    const answer = await send('/v1/secret/data/app/db', [`X-Vault-Token: ${token}`], 'GET', agent.port)
    expect(answer.body).toContain('ResourceNotFoundException')
  })
})

describe('any source', () => {
  it('is read so: one in memory', async () => {
    const { ask } = await start(memoryProvider({ secrets: { 'team/key': 'from memory' } }))
    expect(dataOf(await ask('/v1/secret/data/team/key')).data).toEqual({ value: 'from memory' })
  })
})
