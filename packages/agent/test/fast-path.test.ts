import { connect } from 'node:net'
import { fakeClock, seededRandom } from '@keyplane/testkit'
import { openSecrets } from '@keyplane/secrets'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { agentApp } from '../src/app.ts'
import { type Caller, Callers } from '../src/guards/callers.ts'
import { Scope } from '../src/guards/scope.ts'
import { knownHost } from '../src/guards/known-host.ts'
import { RequestLimit } from '../src/guards/request-limit.ts'
import { fastPath } from '../src/http/fast-path.ts'
import { PlainGets, readPlainGet } from '../src/http/plain-get.ts'
import { HttpDate } from '../src/http/response-bytes.ts'
import { AgentServer } from '../src/http/server.ts'
import { Meters } from '../src/metrics/meters.ts'
import { AnswerBodies } from '../src/routes/answer-bodies.ts'
import { getPlainSecret } from '../src/routes/get-secret.ts'
import { Token } from '../src/token.ts'
import { memoryLog } from './memory-log.ts'
import { OneSecret } from './one-secret.ts'
import { token } from './token.ts'
import { exchange, type ExchangeOptions } from './wire.ts'

const tokenHeaders = ['x-aws-parameters-secrets-token', 'x-vault-token']

/** Two servers over one app: with the fast path, and with `node:http` alone as the oracle. */
const start = async () => {
  const clock = fakeClock()
  const source = new OneSecret()
  const secrets = openSecrets({
    providers: [source],
    environment: false,
    strict: true,
    env: {},
    clock,
    random: seededRandom(1),
    log: { warn: () => {}, error: () => {} },
  })
  const limit = new RequestLimit(800)
  const bodies = new AnswerBodies()
  const shared = {
    callers: new Callers(new Token(token), [
      { caller: { name: 'app', secrets: new Scope(['My*']) }, token: new Token('app-token') },
      { caller: { name: 'other', secrets: new Scope(['Other']) }, token: new Token('other-token') },
    ]),
    tokenHeaders,
    limit,
    date: new HttpDate(clock),
    secrets,
    bodies,
  }
  const parts = {
    ...shared,
    pathPrefix: '/v1/',
    clock,
    log: memoryLog(),
    meters: new Meters(),
    unreadiness: () => undefined,
    gather: () => [],
    host: knownHost(),
  }
  const app = agentApp(parts)
  let fastAnswers = 0
  const hit = (id: string, { secrets: scope }: Caller) => {
    const reading = secrets.peek({ id })
    if (!reading || (scope && !(scope.mayAsk({ id }) && scope.mayHave(reading.version)))) return undefined
    fastAnswers += 1
    return { version: reading.version, response: bodies.of(reading.version) }
  }
  const onError = (error: unknown): void => {
    throw error
  }
  const fast = new AgentServer({
    app,
    fastPath: fastPath({ ...shared, hit, miss: getPlainSecret(parts) }),
    limit,
    date: shared.date,
    onError,
  })
  const slow = new AgentServer({ app, fastPath: () => undefined, limit, date: shared.date, onError })
  const [fastPort, slowPort] = [await fast.listen(0), await slow.listen(0)]
  fast.ready()
  slow.ready()
  await secrets.read({ id: 'MyTest' })
  return { fast, slow, fastPort, slowPort, limit, source, secrets, fastAnswers: () => fastAnswers }
}

let servers: Awaited<ReturnType<typeof start>>
beforeAll(async () => {
  servers = await start()
})
afterAll(async () => {
  await Promise.all([servers.fast.close(0), servers.slow.close(0)])
})

const plain = `GET /secretsmanager/get?secretId=MyTest HTTP/1.1\r\nHost: localhost\r\nX-Vault-Token: ${token}\r\n\r\n`

/** Without a number of answers silence is the end: it is then the only thing that tells that nothing more comes. */
const bothWays = async (chunks: readonly string[], options: ExchangeOptions): Promise<[string, string]> => {
  const bytes = chunks.map((chunk) => Buffer.from(chunk, 'latin1'))
  return Promise.all([exchange(servers.fastPort, bytes, options), exchange(servers.slowPort, bytes, options)])
}

/** A short silence may be a busy machine: a difference counts only where a long silence shows it too. */
const readAlike = async (chunks: readonly string[]): Promise<void> => {
  const [fast, slow] = await bothWays(chunks, { silenceMs: 25 })
  if (fast === slow) return
  const [fastAgain, slowAgain] = await bothWays(chunks, { silenceMs: 1_500 })
  expect(fastAgain, JSON.stringify(chunks)).toBe(slowAgain)
}

const lines = fc.constantFrom(
  'Host: localhost',
  'Host: 127.0.0.1:2773',
  'Host: evil.example',
  'Host : localhost',
  ' Host: localhost',
  `X-Vault-Token: ${token}`,
  `x-aws-parameters-secrets-token:${token}`,
  `X-Vault-Token: ${token} `,
  'X-Vault-Token: wrong',
  'X-Vault-Token: app-token',
  'x-vault-token: other-token',
  'X-Vault-Token:',
  `X-Vault-Token:\t${token}`,
  'X-Forwarded-For: 1.2.3.4',
  'Connection: close',
  'Connection: keep-alive',
  'Connection: upgrade',
  'Upgrade: websocket',
  'Content-Length: 0',
  'Content-Length: 5',
  'Content-Length: x',
  'Transfer-Encoding: chunked',
  'Expect: 100-continue',
  'Accept: */*',
  'Accept: text/plain',
  'Accept:text/*;q=1',
  'Accept: application/json, text/plain, */*',
  'User-Agent: curl/8',
  'X-Odd: a\u0000b',
  'X-High: ÿ',
  'NoColon',
  ': empty',
  'X Y: 1',
)
const targets = fc.constantFrom(
  '/secretsmanager/get?secretId=MyTest',
  '/secretsmanager/get?secretId=MyTest&versionStage=AWSCURRENT',
  '/secretsmanager/get?secretId=My%54est',
  '/secretsmanager/get?secretId=MyTest#x',
  '/secretsmanager/get?secretId=My+Test',
  '/secretsmanager/get?secretId=',
  '/secretsmanager/get?secretId=Nope',
  '/secretsmanager/get?secretid=MyTest',
  '/secretsmanager/get',
  'http://localhost/secretsmanager/get?secretId=MyTest',
  '/v1/MyTest',
  '/ping',
  '*',
)
const request = fc
  .record({
    method: fc.constantFrom('GET', 'GET', 'GET', 'get', 'POST', 'HEAD', 'G', ''),
    target: targets,
    version: fc.constantFrom(' HTTP/1.1', ' HTTP/1.1', ' HTTP/1.1', ' HTTP/1.0', ' HTTP/2.0', ' http/1.1', ''),
    lines: fc.array(lines, { maxLength: 6 }),
    end: fc.constantFrom('\r\n', '\r\n', '\r\n', '\n', '\r'),
    body: fc.constantFrom('', '', 'hello', '0\r\n\r\n', plain),
  })
  .map(({ method, target, version, lines: headers, end, body }) =>
    [`${method} ${target}${version}`, ...headers, '', body].join(end),
  )
/** A well-formed request with a few of its bytes changed: what a grammar would not think of. */
const mutated = fc
  .array(fc.record({ at: fc.nat(plain.length - 1), byte: fc.integer({ min: 0, max: 255 }), cut: fc.boolean() }), {
    minLength: 1,
    maxLength: 3,
  })
  .map((changes) =>
    changes.reduce(
      (text, { at, byte, cut }) => text.slice(0, at) + (cut ? '' : String.fromCharCode(byte)) + text.slice(at + 1),
      plain,
    ),
  )
const split = (text: string, at: number): string[] => (at < text.length ? [text.slice(0, at), text.slice(at)] : [text])

/** The count once the answers of the test before are all counted: some clients leave before theirs. */
const settledCount = async (count: () => number): Promise<number> => {
  for (let known = -1, calm = 0; ; calm += 1) {
    if (count() !== known) calm = 0
    if (calm >= 5) return known
    known = count()
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
}

describe('the fast path', () => {
  it('answers a plain request for a cached secret', async () => {
    const before = servers.fastAnswers()
    const [fast, slow] = await bothWays([plain], { answers: 1 })
    expect(fast).toBe(slow)
    expect(fast).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(servers.fastAnswers()).toBe(before + 1)
  })

  it('reads no request differently from node:http', { timeout: 120_000 }, async () => {
    const runs = Number(process.env['KEYPLANE_FUZZ_RUNS'] ?? 400)
    const streams = fc
      .tuple(fc.array(fc.oneof(request, mutated, fc.constant(plain)), { minLength: 1, maxLength: 3 }), fc.nat(400))
      .map(([requests, at]) => split(requests.join(''), at))
    await fc.assert(
      fc.asyncProperty(fc.array(streams, { minLength: 16, maxLength: 16 }), async (batch) => {
        await Promise.all(batch.map(readAlike))
      }),
      { numRuns: Math.ceil(runs / 16) },
    )
    console.info(`${Math.ceil(runs / 16) * 16} streams of bytes were read alike by both ways`)
  })

  it('leaves the connection with node:http for good once it was handed over', async () => {
    const before = await settledCount(servers.fastAnswers)
    const [fast, slow] = await bothWays(['GET /ping HTTP/1.1\r\n\r\n', plain, plain], { answers: 3 })
    expect(fast).toBe(slow)
    expect(servers.fastAnswers()).toBe(before)
  })

  it('serves one request after the other on a connection', async () => {
    const before = await settledCount(servers.fastAnswers)
    const socketful = await exchange(servers.fastPort, [plain], { answers: 1 })
    expect(socketful.match(/HTTP\/1\.1 200/g)).toHaveLength(1)
    expect(servers.fastAnswers()).toBe(before + 1)
  })

  it('answers what it has to wait for, and what comes after it on the connection, in that order', async () => {
    const { source, secrets, fastPort, limit } = servers
    await secrets.refresh()
    const reads = source.reads
    let open = (): void => {}
    source.gate = new Promise((resolve) => {
      open = resolve
    })
    const socket = connect(fastPort, '127.0.0.1')
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
    })
    socket.write(plain.replace('MyTest', 'Nope'))
    await expect.poll(() => source.reads, { interval: 1 }).toBe(reads + 1)
    socket.write(plain)
    expect(limit.active).toBe(1)
    source.gate = undefined
    open()
    await expect.poll(() => received.match(/HTTP\/1\.1 \d+/g), { interval: 1 }).toHaveLength(2)
    expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400', 'HTTP/1.1 200'])
    expect(limit.active).toBe(0)
    socket.destroy()
  })

  it('leaves a busy agent’s refusal to the slow path', async () => {
    servers.limit.active += 800
    const [fast] = await bothWays([plain], { answers: 1 })
    servers.limit.active -= 800
    expect(fast).toMatch(/^HTTP\/1\.1 429 /)
  })

  it.each([
    ['a second parameter', plain.replace('MyTest', 'MyTest&x=1')],
    ['an escape', plain.replace('MyTest', 'My%54est')],
    ['a body', plain.replace('Host', 'Content-Length: 0\r\nHost')],
    ['two requests at once', plain + plain],
    ['half a request', plain.slice(0, -2)],
    ['two hosts', plain.replace('Host', 'Host: localhost\r\nHost')],
    ['no host', plain.replace('Host: localhost\r\n', '')],
    ['a folded line', plain.replace('Host: localhost', 'Host: localhost\r\n x')],
    ['a bare line feed', plain.replace('\r\nHost', '\nHost')],
    ['one that wants text', plain.replace('Host', 'Accept: text/plain\r\nHost')],
    ['two Accepts', plain.replace('Host', 'Accept: */*\r\naccept: */*\r\nHost')],
    ['HTTP/1.0', plain.replace('1.1', '1.0')],
    ['another case of the method', plain.replace('GET', 'get')],
  ])('never takes %s', (_what, text) => {
    expect(readPlainGet(Buffer.from(text, 'latin1'), tokenHeaders)).toBeUndefined()
  })

  it('reads a request as it would alone, whatever its connection sent before', () => {
    const texts = ['MyTest', 'Other', 'My%54est'].flatMap((id) => [
      plain.replace('MyTest', id),
      plain.replace('MyTest', id).replace(token, 'another-token'),
    ])
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...texts), { maxLength: 12 }), (sent) => {
        const gets = new PlainGets()
        // One buffer for all of them, as sockets may give.
        const chunk = Buffer.alloc(1_024)
        for (const text of sent) {
          const part = chunk.subarray(0, chunk.write(text, 'latin1'))
          expect(gets.read(part, tokenHeaders)).toEqual(readPlainGet(Buffer.from(text, 'latin1'), tokenHeaders))
        }
      }),
    )
  })
})
