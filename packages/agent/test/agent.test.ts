import { connect } from 'node:net'
import { SecretsError } from '@keyplane/core'
import { fakeClock } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { startTestAgent } from './start-test-agent.ts'
import { token } from './token.ts'
import { type Answer, exchange, parseAnswer } from './wire.ts'

const start = async (options: Parameters<typeof startTestAgent>[0] = {}) => {
  const started = await startTestAgent(options)
  const ask = async (
    target: string,
    headers: readonly string[] = [`X-Aws-Parameters-Secrets-Token: ${token}`],
    method = 'GET',
  ): Promise<Answer> =>
    parseAnswer(
      await exchange(
        started.port,
        [[`${method} ${target} HTTP/1.1`, 'Host: localhost', ...headers, '', ''].join('\r\n')],
        { answers: 1 },
      ),
    )
  return { ...started, ask }
}

const get = '/secretsmanager/get?secretId=MyTest'
const arn = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:MyTest-a1b2c3'
const body = `{"ARN":"${arn}","Name":"MyTest","VersionId":"11111111-1111-4111-8111-111111111111","SecretString":"the value","VersionStages":["AWSCURRENT"],"CreatedDate":"1569534789.046"}`

describe('an answer', () => {
  it('is the AWS agent’s, byte for byte, cold and cached, in both forms', async () => {
    const { ask, source } = await start()
    for (const target of [get, get, '/v1/MyTest', `/v1/${arn}`, `${get}&versionStage=AWSCURRENT`]) {
      const answer = await ask(target)
      expect(answer).toMatchObject({ status: 200, body })
      expect(Object.keys(answer.headers)).toEqual(['content-type', 'content-length', 'date'])
      expect(answer.headers['content-type']).toBe('application/json')
    }
    expect(source.reads).toBe(1)
  })

  it('for an error of AWS is AWS’s own, with its status', async () => {
    const { ask } = await start()
    expect(await ask('/secretsmanager/get?secretId=Nope')).toMatchObject({
      status: 400,
      body: '{"__type":"ResourceNotFoundException","message":"Secrets Manager can\'t find the specified secret."}',
    })
  })

  it('tells refused, silent and hung apart', async () => {
    const { ask, source } = await start()
    const statuses = []
    for (const code of ['unavailable', 'timeout', 'bad_response'] as const) {
      source.failure = new SecretsError(code, 'no', { retryAfterMs: 60_000 })
      statuses.push((await ask(`/secretsmanager/get?secretId=${code}`)).status)
    }
    // After a hang the source is spared: it counts as unreachable for a moment.
    expect(statuses).toEqual([502, 504, 502])
  })
})

describe('the order of checks', () => {
  const foreign = ['X-Forwarded-For: 10.0.0.1']
  const good = [`X-Vault-Token: ${token}`]
  it.each([
    ['a forwarded request before its token', get, [...foreign, 'X-Vault-Token: wrong'], 'GET', 403, 'Forwarded'],
    ['a forwarded request, even with an empty header', get, ['X-Forwarded-For:', ...good], 'GET', 403, 'Forwarded'],
    ['a missing token before the method', get, [], 'POST', 403, 'Bad Token'],
    ['a missing token before the route', '/nope', [], 'GET', 403, 'Bad Token'],
    ['a wrong token', get, ['X-Vault-Token: wrong'], 'GET', 403, 'Bad Token'],
    ['the first of two tokens of one name', get, ['X-Vault-Token: wrong', ...good], 'GET', 403, 'Bad Token'],
    ['the method before the route', '/nope', good, 'POST', 405, 'Not allowed'],
    ['the route before the parameters', '/nope?x=1', good, 'GET', 404, 'Not found'],
    ['a missing secretId', '/secretsmanager/get', good, 'GET', 400, 'missing parameter secretId'],
    ['an unknown parameter', `${get}&SecretId=x`, good, 'GET', 400, 'unknown parameter: SecretId'],
    ['a bad refreshNow', `${get}&refreshNow=yes`, good, 'GET', 400, 'invalid refreshNow value'],
    ['nothing after the prefix', '/v1/', good, 'GET', 400, 'missing secret ID'],
    ['any other method on /ping', '/ping', [], 'POST', 405, 'Not allowed'],
  ])('judges %s', async (_what, target, headers, method, status, text) => {
    const { ask } = await start()
    expect(await ask(target, headers, method)).toMatchObject({ status, body: text })
  })

  it('asks nothing of /ping but its method', async () => {
    const { ask } = await start()
    expect(await ask('/ping?x=1', foreign)).toMatchObject({ status: 200, body: 'healthy' })
  })

  it('refuses a Host that is not this machine, and lets none at all pass', async () => {
    const { port } = await start()
    const send = async (host: string) =>
      parseAnswer(
        await exchange(port, [`GET ${get} HTTP/1.1\r\n${host}X-Vault-Token: ${token}\r\n\r\n`], { answers: 1 }),
      )
    expect(await send('Host: evil.example\r\n')).toMatchObject({ status: 403, body: 'Unknown host' })
    expect(await send('Host: evil.example\r\nX-Vault-Token: wrong\r\n')).toMatchObject({ body: 'Unknown host' })
    expect(await send('Host: evil.example\r\nX-Forwarded-For: 1\r\n')).toMatchObject({ body: 'Forwarded' })
    for (const host of ['', 'Host: 127.0.0.1:2773\r\n', 'Host: [::1]\r\n', 'host: LOCALHOST:1\r\n'])
      expect(await send(host)).toMatchObject({ status: 200 })
  })

  it.each([
    ['a forwarded request', '/v1/x', ['X-Forwarded-For: 1', 'Expect: foo'], 403, 'Forwarded'],
    ['a request without a token', '/v1/x', ['Expect: foo'], 403, 'Bad Token'],
    ['a probe', '/ping', ['Expect: foo'], 200, 'healthy'],
    ['a read', get, [...good, 'Expect: foo'], 200, body],
    ['a read that would send a body', get, [...good, 'Expect: 100-continue'], 200, body],
  ])('answers %s whatever it expects', async (_what, target, headers, status, text) => {
    const { ask } = await start()
    expect(await ask(target, headers)).toMatchObject({ status, body: text })
  })

  it('refuses beyond max_conn running requests, probes a little later, and idle connections never', async () => {
    const { ask, source, port } = await start({ toml: 'max_conn = 1' })
    for (let idle = 0; idle < 5; idle += 1) void exchange(port, [], { silenceMs: 5_000 })
    let release = (): void => {}
    source.gate = new Promise((resolve) => {
      release = resolve
    })
    const first = exchange(port, [`GET ${get} HTTP/1.1\r\nX-Vault-Token: ${token}\r\n\r\n`], { answers: 1 })
    await expect.poll(() => source.reads).toBe(1)
    expect(await ask(get)).toMatchObject({ status: 429, body: 'Connection limit exceeded' })
    expect(await ask('/ping')).toMatchObject({ status: 200 })
    expect(await ask(get, [])).toMatchObject({ status: 429 })
    expect(await ask(get, ['X-Forwarded-For: 1'])).toMatchObject({ status: 429 })
    expect(await ask('/nope', [], 'POST')).toMatchObject({ status: 429 })
    release()
    expect(parseAnswer(await first).status).toBe(200)
    expect(await ask(get)).toMatchObject({ status: 200 })
  })

  it('refuses a probe too where three requests more than max_conn run', async () => {
    const { agentApp } = await import('../src/app.ts')
    const { RequestLimit } = await import('../src/guards/request-limit.ts')
    const limit = new RequestLimit(7)
    const { Meters } = await import('../src/metrics/meters.ts')
    const { knownHost } = await import('../src/guards/known-host.ts')
    const app = agentApp({ limit, host: knownHost(), meters: new Meters() } as Parameters<typeof agentApp>[0])
    const probe = { method: 'GET', target: '/ping', rawHeaders: [] }
    const answered = (active: number) => {
      limit.active = active
      return app(probe)
    }
    expect([8, 9, 10].map(answered)).toMatchObject([{ status: 200 }, { status: 200 }, { status: 429 }])
  })

  it('judges each request of a connection by itself', async () => {
    const { source, port } = await start({ toml: 'max_conn = 1' })
    let release = (): void => {}
    source.gate = new Promise((resolve) => {
      release = resolve
    })
    const slow = exchange(port, [`GET ${get} HTTP/1.1\r\nX-Vault-Token: ${token}\r\n\r\n`], { answers: 1 })
    await expect.poll(() => source.reads).toBe(1)
    const socket = connect(port, '127.0.0.1')
    let received = ''
    socket.on('data', (chunk) => {
      received += String(chunk)
    })
    const request = `GET ${get} HTTP/1.1\r\nHost: localhost\r\nX-Vault-Token: ${token}\r\n\r\n`
    socket.write(request)
    await expect.poll(() => received).toMatch(/^HTTP\/1\.1 429 /)
    release()
    await slow
    socket.write(request)
    await expect.poll(() => received).toContain('HTTP/1.1 200 OK')
    socket.destroy()
  })
})

describe('the limits of a request', () => {
  const longest = `/v1/${'x'.repeat(65_530)}`
  const headers = (count: number): string[] => Array.from({ length: count }, (_, index) => `X-${index}: y`)
  it.each([
    ['100 headers', '/ping', headers(99), 200],
    ['101 headers', '/ping', headers(100), 431],
    ['more headers than node:http keeps by itself', '/v1/x', [...headers(2_500), 'X-Forwarded-For: 1'], 431],
    ['a target of 65,534 bytes', longest, [], 403],
    ['a target of 65,535 bytes', `${longest}x`, [], 414],
    ['450,000 bytes of headers', '/ping', ['X: '.padEnd(450_000, 'x')], 200],
    ['500,000 bytes of headers', '/ping', ['X: '.padEnd(500_000, 'x')], 431],
  ])('are the AWS agent’s: %s', async (_what, target, sent, status) => {
    const { ask } = await start()
    expect((await ask(target, sent)).status).toBe(status)
  })

  it('end the connection when they are passed', async () => {
    const { port } = await start()
    const request = `GET /ping HTTP/1.1\r\n${headers(101).join('\r\n')}\r\n\r\n`
    expect(await exchange(port, [request, 'GET /ping HTTP/1.1\r\n\r\n'], {})).toMatch(
      /^HTTP\/1\.1 431 (?:(?!HTTP).)*$/s,
    )
  })
})

describe('freshness', () => {
  it('keeps a value for its TTL, and asks again when it is over', async () => {
    const clock = fakeClock()
    const { ask, source } = await start({ clock, toml: 'ttl_seconds = 10' })
    await ask(get)
    source.text = 'new'
    source.version = '22222222-2222-4222-8222-222222222222'
    expect((await ask(get)).body).toContain('"the value"')
    await clock.advance(10_000)
    expect((await ask(get)).body).toContain('"new"')
  })

  it('asks the origin for refreshNow, and covers none of its failures', async () => {
    const { ask, source } = await start()
    await ask(get)
    source.failure = new SecretsError('unavailable', 'down', { retryAfterMs: 60_000 })
    expect((await ask(`${get}&refreshNow=true`)).status).toBe(502)
    expect((await ask(get)).status).toBe(200)
  })

  it.each([
    [true, 200],
    [false, 502],
  ])('with ignore_transient_errors = %s answers %i when AWS is away', async (ignore, status) => {
    const clock = fakeClock()
    const { ask, source } = await start({ clock, toml: `ttl_seconds = 10\nignore_transient_errors = ${ignore}` })
    await ask(get)
    source.failure = new SecretsError('unavailable', 'down', { retryAfterMs: 60_000 })
    await clock.advance(10_000)
    expect((await ask(get)).status).toBe(status)
  })

  it('is one upstream call for a hundred waiters', async () => {
    const { ask, source } = await start()
    const answers = await Promise.all(Array.from({ length: 100 }, () => ask(get)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(source.reads).toBe(1)
  })
})

describe('the start', () => {
  it('is announced in one line, before anything is answered', async () => {
    const { announced, port } = await start()
    expect(announced).toEqual([`Keyplane Agent/0.1.0 listening on http://127.0.0.1:${port}`])
  })

  it('is refused without a token, and leaves the port free', async () => {
    const { agent, port } = await startTestAgent()
    await agent.close()
    await expect(startTestAgent({ env: {}, port })).rejects.toMatchObject({ code: 'config_invalid' })
    expect((await start({ port })).port).toBe(port)
  })

  it('says in one sentence that the port is taken', async () => {
    const { port } = await start()
    await expect(startTestAgent({ port })).rejects.toThrow(
      `Could not bind to 127.0.0.1:${port}: another program uses that port`,
    )
  })
})

describe('the end', () => {
  it.each([
    ['on the fast path', 'Host: localhost\r\n'],
    ['with node:http', ''],
  ])('lets a running request finish, %s', async (_where, host) => {
    const { agent, source, port } = await startTestAgent()
    let release = (): void => {}
    source.gate = new Promise((resolve) => {
      release = resolve
    })
    const waiting = exchange(port, [`GET ${get} HTTP/1.1\r\n${host}X-Vault-Token: ${token}\r\n\r\n`], { answers: 1 })
    await expect.poll(() => source.reads).toBe(1)
    const closing = agent.close()
    release()
    expect(parseAnswer(await waiting)).toMatchObject({ status: 200, body })
    await closing
    await expect(exchange(port, ['x'], {})).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
})

describe('the log', () => {
  it('tells of what the guards refuse, once a second, with the number of the others, and never the token', async () => {
    const clock = fakeClock()
    const { ask, log } = await start({ clock })
    const warnings = () => log.lines.filter((line) => line.includes('A request was refused'))
    await ask('/v1/MyTest', ['X-Vault-Token: canary-token'])
    for (let attempt = 0; attempt < 5; attempt += 1) await ask(get, ['X-Vault-Token: canary-token'])
    await clock.advance(1_000)
    await ask(`${get}&canary=1`, [`X-Vault-Token: ${token}`, 'X-Forwarded-For: 1'], 'POST')
    await ask('/nowhere')
    expect(warnings()).toEqual([
      '{"status":403,"method":"GET","path":"/v1/MyTest"} A request was refused: Bad Token.',
      '{"status":403,"method":"POST","path":"/secretsmanager/get","untold":5} A request was refused: Forwarded.',
    ])
    expect(log.lines.join('\n')).not.toContain('canary')
  })

  it('tells hits, misses and failures at debug, and never a value or the token', async () => {
    const { ask, log } = await start()
    await ask(get)
    await ask(get)
    await ask('/secretsmanager/get?secretId=Nope')
    const text = log.lines.join('\n')
    for (const outcome of ['hit', 'fetched', 'failed']) expect(text).toContain(`"outcome":"${outcome}"`)
    expect(text).not.toContain('the value')
    expect(text).not.toContain(token)
  })
})
