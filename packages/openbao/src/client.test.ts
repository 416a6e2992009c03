import { inspect } from 'node:util'
import { fakeClock } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { auth, calls, client, failure, isLogin, node, read, serving, write } from '../test/clients.ts'
import { recorded } from '../test/node-double.ts'
import { openBaoClient } from './client.ts'

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
    await made.close()
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

describe('a login that is refused', () => {
  it('is not tried by one client after the other', async () => {
    const one = await node((asked) => (isLogin(asked) ? recorded.wrongSecretId : serving(asked)))
    for (let times = 0; times < 6; times += 1) {
      const made = client([one])
      made.refresh()
      expect(await failure(made.call(read))).toMatchObject({ code: 'unauthenticated', reason: 'login_refused' })
    }
    expect(calls(one).length).toBe(2)
    await failure(client([one], { auth: { ...auth, roleId: 'another' } }).call(read))
    await failure(client([one], { namespace: 'another' }).call(read))
    expect(calls(one).length).toBe(4)
  })
})

describe('the id of what causes a call', () => {
  it.each([
    ['is sent along, with the login too', 'request-7', 'request-7'],
    ['is left out where there is none', undefined, undefined],
    ['is left out where no header could hold it', 'a\r\nx-evil: 1', undefined],
    ['is left out where it is too long', 'x'.repeat(129), undefined],
  ])('%s', async (_what, given, sent) => {
    const one = await node(serving)
    await client([one], { correlationId: () => given }).call(read)
    const ids = one.asked.filter(({ target }) => target !== '/v1/sys/leader').map(({ headers }) => headers)
    expect(ids.map((headers) => headers['x-correlation-id'])).toEqual([sent, sent])
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
