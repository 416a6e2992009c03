import { inspect } from 'node:util'
import { fakeClock } from '@keyplane/testkit'
import { afterEach, describe, expect, it } from 'vitest'
import { type NodeDouble, recorded, startNodeDouble } from '../test/node-double.ts'
import { type OpenBaoClient, type OpenBaoClientOptions, openBaoClient } from './client.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean()
})

const node = async (answer: NodeDouble['answer']): Promise<NodeDouble> => {
  const double = await startNodeDouble(answer)
  cleanups.push(() => double.stop())
  return double
}

const auth = { method: 'approle', roleId: 'role-canary', secretId: 'secret-canary' } as const

const client = (nodes: readonly NodeDouble[], options: Partial<OpenBaoClientOptions> = {}): OpenBaoClient => {
  const made = openBaoClient({ endpoints: nodes.map(({ endpoint }) => endpoint), auth, ...options })
  cleanups.push(() => made.close())
  return made
}

const isLogin = ({ target }: { target: string }): boolean => target === '/v1/auth/approle/login'
const serving: NodeDouble['answer'] = (asked) => {
  if (asked.target === '/v1/sys/leader') return recorded.noCluster
  return isLogin(asked) ? recorded.login('token-canary') : recorded.read('value-canary')
}
/** What was asked, but for who leads. */
const calls = ({ asked }: NodeDouble): string[] =>
  asked.filter(({ target }) => target !== '/v1/sys/leader').map(({ method, target }) => `${method} ${target}`)
const read = { method: 'GET', path: 'secret/data/db' } as const
const write = { method: 'POST', path: 'secret/data/db', body: { data: { value: 'written-canary' } } } as const

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'it did not fail',
    (error: unknown) => error,
  )

describe('a call', () => {
  it('carries token, namespace and the header that browsers can not send', async () => {
    const one = await node(serving)
    const answer = await client([one], { namespace: 'team/app' }).call({ ...read, query: { version: '2' } })
    expect(answer.member('data', 'data', 'value')).toBe('value-canary')
    expect(answer.requestId).toBe('6f81776c-4700-a983-24f6-9d4ceef24a7a')
    expect(calls(one)).toEqual(['POST /v1/auth/approle/login', 'GET /v1/secret/data/db?version=2'])
    expect(one.asked[1]?.body).toBe('{"role_id":"role-canary","secret_id":"secret-canary"}')
    expect(one.asked[0]?.headers).not.toHaveProperty('x-vault-token')
    expect(one.asked[1]?.headers).not.toHaveProperty('x-vault-token')
    expect(one.asked[2]?.headers).toMatchObject({
      'x-vault-token': 'token-canary',
      'x-vault-namespace': 'team/app',
      'x-vault-request': 'true',
    })
  })

  it('shows neither token nor value, in answer, client or error', async () => {
    const one = await node(serving)
    const made = client([one])
    const answer = await made.call(read)
    one.answer = ({ headers, body }) => ({
      status: 500,
      body: JSON.stringify({ errors: [`it was ${String(headers['x-vault-token'])} and ${body}`] }),
    })
    const error = await failure(made.call(write))
    for (const thing of [answer, made, error])
      expect(`${inspect(thing, { depth: 10, showHidden: true })}${JSON.stringify(thing)}`).not.toContain('canary')
    expect(error).toMatchObject({ code: 'unavailable', upstream: { protocol: 'openbao', status: 500 } })
  })

  it("keeps the server's words and its name of the request", async () => {
    const one = await node(serving)
    const made = client([one])
    await made.call(read)
    one.answer = () => recorded.policy
    expect(await failure(made.call(read))).toMatchObject({
      code: 'access_denied',
      source: 'openbao',
      upstream: { status: 403, message: '1 error occurred: * permission denied' },
    })
    one.answer = () => ({
      status: 404,
      body: '{"request_id":"e090b680","data":{"data":null,"metadata":{"destroyed":true}}}',
    })
    expect(await failure(made.call(read))).toMatchObject({ message: expect.stringContaining('request e090b680') })
  })

  it('tells of warnings', async () => {
    const warnings: string[] = []
    const one = await node((asked) =>
      isLogin(asked) ? recorded.login('t') : { body: '{"data":null,"warnings":["Endpoint ignored [x]"]}' },
    )
    await client([one], { onWarning: (warning) => warnings.push(warning) }).call(read)
    expect(warnings).toEqual(['secret/data/db: Endpoint ignored [x]'])
  })

  it('ends by its signal and by its time, a login that hangs included', async () => {
    const clock = fakeClock()
    const one = await node(() => 'hang')
    const made = client([one], { clock })
    const reason = new Error('the caller left')
    const controller = new AbortController()
    const aborted = failure(made.call({ ...read, signal: controller.signal }))
    controller.abort(reason)
    expect(await aborted).toBe(reason)
    const late = failure(made.call({ ...read, deadlineAtMs: clock.monotonicMs() + 100 }))
    await clock.advance(100)
    expect(await late).toMatchObject({ code: 'timeout' })
    const later = failure(made.call(read))
    await clock.advance(2_500)
    expect(await later).toMatchObject({ code: 'timeout' })
  })

  it('after close fails with closed', async () => {
    const one = await node(serving)
    const made = client([one])
    made.close()
    expect(await failure(made.call(read))).toMatchObject({ code: 'closed' })
    expect(await failure(made.health())).toMatchObject({ code: 'closed' })
    expect(await failure(made.sealStatus())).toMatchObject({ code: 'closed' })
    expect(one.asked).toHaveLength(0)
  })
})

describe('a dead token', () => {
  it('under 50 reads costs one question, one login and a second try each', async () => {
    let alive = 'first'
    let logins = 0
    const one = await node((asked) => {
      if (isLogin(asked)) return recorded.login(logins++ === 0 ? 'first' : 'second')
      return asked.headers['x-vault-token'] === alive ? recorded.read('v') : recorded.deadToken
    })
    const made = client([one])
    await made.call(read)
    alive = 'second'
    await Promise.all(Array.from({ length: 50 }, () => made.call(read)))
    expect(logins).toBe(2)
    expect(one.lines.filter((line) => line.includes('lookup-self'))).toHaveLength(1)
  })

  it("is not what a policy's no means: no login, no second try", async () => {
    const one = await node((asked) => (isLogin(asked) ? recorded.login('t') : recorded.policy))
    const made = client([one])
    expect(await failure(made.call(read))).toMatchObject({ code: 'access_denied' })
    expect(calls(one)).toEqual(['POST /v1/auth/approle/login', 'GET /v1/secret/data/db'])
  })

  it('that is followed by another dead one is given up', async () => {
    let dead = false
    const one = await node((asked) => {
      if (isLogin(asked)) return recorded.login(dead ? 'second' : 'first')
      return dead ? recorded.deadToken : recorded.read('v')
    })
    const made = client([one])
    await made.call(read)
    dead = true
    expect(await failure(made.call(read))).toMatchObject({ code: 'unauthenticated', reason: 'invalid_token' })
    expect(one.lines.filter((line) => line.includes('login'))).toHaveLength(2)
  })
})

describe('several nodes', () => {
  it('are asked in turn until one answers, which is asked first from then on', async () => {
    const sealed = await node(() => recorded.sealed)
    const good = await node(serving)
    const made = client([sealed, good])
    await made.call(read)
    await made.call(read)
    expect(sealed.asked).toHaveLength(1)
    expect(calls(good)).toHaveLength(3)
  })

  it('share the time, so that one that hangs leaves some for the next', async () => {
    const clock = fakeClock()
    const good = await node(serving)
    const hung = await node(() => 'hang')
    const made = client([good, hung], { clock })
    await made.call(read)
    good.answer = () => 'hang'
    hung.answer = serving
    const slow = made.call(read)
    while (good.asked.length < 4) await clock.advance(0)
    await clock.advance(1_250)
    expect((await slow).status).toBe(200)
  })

  it('give a write to the next only where the first has surely done nothing', async () => {
    const good = await node(serving)
    const other = await node(serving)
    const made = client([good, other])
    await made.call(read)
    good.answer = () => 'reset'
    expect(await failure(made.call(write))).toMatchObject({ code: 'unavailable', reason: 'reset' })
    expect(other.asked).toHaveLength(0)
    good.answer = () => recorded.sealed
    await made.call(write)
    expect(calls(other)).toEqual(['POST /v1/secret/data/db'])
  })

  it('are sent a write once, whatever becomes of the connection', async () => {
    const one = await node(serving)
    const made = client([one])
    await made.call(read)
    await made.call(write)
    one.answer = () => 'reset'
    const before = calls(one).length
    expect(await failure(made.call(write))).toMatchObject({ code: 'unavailable', reason: 'reset' })
    expect(calls(one).length - before).toBe(1)
  })

  it('all down fail as the last one did', async () => {
    const one = await node(() => recorded.sealed)
    const two = await node(() => recorded.sealed)
    expect(await failure(client([one, two]).call(read))).toMatchObject({ code: 'unavailable', reason: 'sealed' })
  })

  it('have the leader asked for a login: one that lags would refuse a secret id of a moment ago', async () => {
    const leader = await node(serving)
    const lagging = await node((asked) => {
      if (asked.target === '/v1/sys/leader') return recorded.follower(leader.endpoint)
      return isLogin(asked) ? recorded.wrongSecretId : recorded.read('v')
    })
    await client([lagging]).call(read)
    expect(leader.lines).toEqual(['POST /v1/auth/approle/login'])
    expect(lagging.lines).toEqual(['GET /v1/sys/leader', 'GET /v1/secret/data/db'])
  })

  it('take the login themselves where the leader they name can not be reached, or not be trusted', async () => {
    const gone = await node(serving)
    await gone.stop()
    for (const named of [gone.endpoint, 'http://10.0.0.1:8200', 'nonsense']) {
      const standby = await node((asked) =>
        asked.target === '/v1/sys/leader' ? recorded.follower(named) : serving(asked),
      )
      await client([standby]).call(read)
      expect(calls(standby)).toEqual(['POST /v1/auth/approle/login', 'GET /v1/secret/data/db'])
    }
  })

  const redirectingTo =
    (endpoint: () => string, named = endpoint): NodeDouble['answer'] =>
    ({ target }) =>
      target === '/v1/sys/leader'
        ? recorded.follower(named())
        : { status: 307, headers: { location: `${endpoint()}${target}` } }

  it('lead to the leader that they name by one redirect', async () => {
    const leader = await node(serving)
    const standby = await node(redirectingTo(() => leader.endpoint))
    await client([standby]).call(write)
    expect(calls(leader)).toEqual(['POST /v1/auth/approle/login', 'POST /v1/secret/data/db'])
  })

  it('lead to another configured node whatever they name', async () => {
    const leader = await node(serving)
    const standby = await node(
      redirectingTo(
        () => leader.endpoint,
        () => '',
      ),
    )
    await client([standby, leader]).call(write)
    expect(calls(leader)).toContain('POST /v1/secret/data/db')
  })

  it.each(['https://elsewhere.example', ''])(
    'take no token to a node that is neither configured nor the leader, which is %j',
    async (named) => {
      const foreign = await node(serving)
      const token = { method: 'token', token: 'token-canary' } as const
      const standby = await node(
        redirectingTo(
          () => foreign.endpoint,
          () => named,
        ),
      )
      for (const call of [read, write])
        expect(await failure(client([standby], { auth: token }).call(call))).toMatchObject({
          code: 'unavailable',
          reason: 'foreign_redirect',
        })
      expect(foreign.asked).toEqual([])
    },
  )

  it('that redirect to a stranger are passed over for the next, in writing too', async () => {
    const foreign = await node(serving)
    const other = await node(serving)
    const standby = await node(
      redirectingTo(
        () => foreign.endpoint,
        () => '',
      ),
    )
    await client([standby, other]).call(write)
    expect([calls(foreign), calls(other)]).toEqual([[], ['POST /v1/auth/approle/login', 'POST /v1/secret/data/db']])
  })

  it('have no leader where the redirect leads to nobody, or to another redirect', async () => {
    const gone = await node(serving)
    await gone.stop()
    const standby = await node(redirectingTo(() => gone.endpoint))
    expect(await failure(client([standby]).call(read))).toMatchObject({ code: 'unavailable', reason: 'no_leader' })
    standby.answer = redirectingTo(() => standby.endpoint)
    expect(await failure(client([standby]).call(read))).toMatchObject({ code: 'unavailable', reason: 'no_leader' })
  })

  it('are told what was written before they are read', async () => {
    const clock = fakeClock()
    const one = await node((asked) => (isLogin(asked) ? recorded.login('t') : recorded.read('v')))
    const made = client([one], { clock })
    await made.call(read)
    expect(one.asked.at(-1)?.headers).not.toHaveProperty('x-vault-index')
    one.answer = () => ({ ...recorded.read('v'), headers: { 'x-vault-index': 'opaque==' } })
    await made.call(write)
    one.answer = serving
    await made.call(read)
    expect(one.asked.at(-1)?.headers).toMatchObject({
      'x-vault-index': 'opaque==',
      'x-vault-inconsistent': 'forward-active-node',
    })
    await clock.advance(61_000)
    await made.call(read)
    expect(one.asked.at(-1)?.headers).not.toHaveProperty('x-vault-index')
  })
})

describe('health', () => {
  it('tells how each node stands', async () => {
    const health = (body: object, status = 200): NodeDouble['answer'] => {
      const answer = { status, body: JSON.stringify(body) }
      return () => answer
    }
    const nodes = await Promise.all([
      node(health({ initialized: true, sealed: false, standby: false, version: '2.7.2' })),
      node(health({ initialized: true, sealed: false, standby: true }, 429)),
      node(health({ initialized: true, sealed: true, standby: true }, 503)),
      node(health({ initialized: false, sealed: true }, 501)),
      node(() => ({ body: '<html>' })),
      node(() => 'reset'),
    ])
    const found = await client(nodes, { namespace: 'team' }).health()
    expect([...found.values()].map(({ state }) => state)).toEqual([
      'active',
      'standby',
      'sealed',
      'uninitialised',
      'unreachable',
      'unreachable',
    ])
    expect(found.get(nodes[0].endpoint)).toEqual({ state: 'active', version: '2.7.2' })
    expect(nodes[0].asked[0]?.headers).not.toHaveProperty('x-vault-token')
    // In a namespace there is no health.
    expect(nodes[0].asked[0]?.headers).not.toHaveProperty('x-vault-namespace')
  })

  it('tells how far a seal is open', async () => {
    const nodes = await Promise.all([
      node(() => ({ body: '{"type":"shamir","initialized":true,"sealed":true,"t":3,"n":5,"progress":1}' })),
      node(() => 'reset'),
    ])
    expect([...(await client(nodes).sealStatus()).values()]).toEqual([
      { sealed: true, type: 'shamir', progress: 1, threshold: 3 },
      { sealed: undefined },
    ])
  })

  it('tells a hung node from one that is gone', async () => {
    const clock = fakeClock()
    const hung = await node(() => 'hang')
    const health = client([hung], { clock }).health()
    while (hung.asked.length < 1) await clock.advance(0)
    await clock.advance(2_500)
    expect([...(await health).values()]).toEqual([{ state: 'hung' }])
  })
})

describe('an endpoint', () => {
  it('on another machine needs https, and there has to be one', () => {
    expect(() => openBaoClient({ endpoints: ['http://10.0.0.1:8200'], auth })).toThrow(/plain http/)
    expect(() => openBaoClient({ endpoints: [], auth })).toThrow(/at least one/)
  })

  it('has a namespace that can stand in a header', () => {
    for (const namespace of ['a\r\nx-evil: 1', 'a b', 'ü'])
      expect(() => openBaoClient({ endpoints: ['https://bao'], auth, namespace })).toThrow(/no namespace/)
  })
})
