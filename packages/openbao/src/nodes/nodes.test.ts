import { fakeClock } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { calls, client, failure, isLogin, node, read, serving, write } from '../../test/clients.ts'
import { type NodeDouble, recorded } from '../../test/node-double.ts'

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
