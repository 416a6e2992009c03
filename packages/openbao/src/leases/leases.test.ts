import { inspect } from 'node:util'
import { fakeClock } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { calls, client, failure, isLogin, node } from '../../test/clients.ts'
import { type Answer, type NodeDouble, recorded } from '../../test/node-double.ts'
import { leases } from './leases.ts'

const leaseId = 'database/creds/app/lease-canary'
const answered = (body: object): Answer => ({ body: JSON.stringify({ request_id: 'r-1', renewable: true, ...body }) })
/** As OpenBao 2.7.2 answered, values apart. */
const issued = answered({
  lease_id: leaseId,
  lease_duration: 3_600,
  data: { username: 'v-app', password: 'password-canary' },
})
const refused = (text: string): Answer => ({ status: 400, body: JSON.stringify({ errors: [text] }) })

const serving =
  (answer: Answer | 'reset', lifeSeconds = 600): NodeDouble['answer'] =>
  (asked) => {
    if (asked.target === '/v1/sys/leader') return recorded.noCluster
    const gives = isLogin(asked) || asked.target.endsWith('/renew-self')
    return gives ? recorded.login('t', lifeSeconds) : answer
  }
const asked = ({ asked: all }: NodeDouble) => all.filter((one) => !isLogin(one) && !one.target.includes('leader'))

describe('a credential of a role', () => {
  it.each([
    ['database/app-ro', '/v1/database/creds/app-ro'],
    ['team/db/app', '/v1/team/db/creds/app'],
    ['a b/ü', '/v1/a%20b/creds/%C3%BC'],
  ])('of %s is asked for at %s', async (role, target) => {
    const one = await node(serving(issued))
    const made = await leases({ client: client([one]) }).issue(role)
    expect(made).toMatchObject({ leaseId, durationMs: 3_600_000, renewable: true, requestId: 'r-1' })
    expect(made.fields.reveal()).toEqual({ username: 'v-app', password: 'password-canary' })
    expect(inspect(made, { depth: 9 })).not.toContain('password-canary')
    expect(asked(one).map((call) => call.target)).toEqual([target])
  })

  it.each(['app', '/app', 'database/', 'database//app', 'database/../sys'])('of %j is not asked for', async (role) => {
    const one = await node(serving(issued))
    expect(await failure(leases({ client: client([one]) }).issue(role))).toMatchObject({ code: 'invalid_request' })
    expect(calls(one)).toEqual([])
  })

  it('is asked for once, at one node, since another answer would be another credential', async () => {
    const [one, two] = [await node(serving('reset')), await node(serving(issued))]
    const error = await failure(leases({ client: client([one, two]) }).issue('database/app'))
    expect(error).toMatchObject({ code: 'unavailable', reason: 'reset' })
    expect([asked(one).length, asked(two).length]).toEqual([1, 0])
  })

  it('of a role that is not there is absent', async () => {
    const one = await node(serving(refused('unknown role: app')))
    expect(await failure(leases({ client: client([one]) }).issue('database/app'))).toMatchObject({
      code: 'secret_not_found',
      reason: 'no_role',
    })
  })

  it.each([answered({ data: {} }), answered({ lease_id: '', lease_duration: 0, data: { value: 'x' } })])(
    'without a lease is none (%#)',
    async (answer) => {
      const one = await node(serving(answer))
      expect(await failure(leases({ client: client([one]) }).issue('secret/app'))).toMatchObject({
        code: 'bad_response',
      })
    },
  )

  it('ends with the token that it was made by, which may be prolonged', async () => {
    const clock = fakeClock()
    const one = await node(serving(issued, 600))
    const { login } = await leases({ client: client([one], { clock }) }).issue('database/app')
    expect(login.endsAtMs()).toBe(600_000)
    await clock.advance(450_000)
    await expect.poll(() => login.endsAtMs()).toBeGreaterThan(900_000)
  })

  it('has ended where OpenBao says that the token is dead', async () => {
    let dead = false
    const one = await node((call) => {
      if (call.target === '/v1/sys/leader') return recorded.noCluster
      if (isLogin(call)) return recorded.login(dead ? 'second' : 'first')
      return dead && call.headers['x-vault-token'] === 'first' ? recorded.deadToken : issued
    })
    const made = client([one])
    const { login } = await leases({ client: made }).issue('database/app')
    dead = true
    const { login: next } = await leases({ client: made }).issue('database/app')
    expect(login.endsAtMs()).toBeLessThan(next.endsAtMs() - 500_000)
  })
})

describe('a lease', () => {
  it('is renewed for whole seconds, by its id in the body', async () => {
    const one = await node(serving(answered({ lease_id: leaseId, lease_duration: 7, data: null })))
    const term = await leases({ client: client([one]) }).renew(leaseId, 9_500)
    expect(term).toEqual({ durationMs: 7_000, renewable: true })
    expect(asked(one).map(({ target, body }) => [target, JSON.parse(body)])).toEqual([
      ['/v1/sys/leases/renew', { lease_id: leaseId, increment: 10 }],
    ])
  })

  it('that is gone can’t be renewed, and needs no revoking', async () => {
    const one = await node(serving(refused('lease not found')))
    const of = leases({ client: client([one]) })
    const error = await failure(of.renew(leaseId, 1_000))
    expect(error).toMatchObject({ code: 'secret_not_found', reason: 'lease_gone' })
    expect(inspect(error, { depth: 9 })).not.toContain('canary')
    await of.revoke(leaseId)
  })

  it('is revoked at once, or by OpenBao’s queue where the database does not answer', async () => {
    const one = await node((call) =>
      call.body.includes('"sync":true')
        ? refused('failed to revoke entry: resource: lease-canary: connection refused')
        : serving({ status: 204 })(call),
    )
    const error = await failure(leases({ client: client([one]) }).revoke(leaseId))
    expect(error).toMatchObject({ code: 'unavailable', reason: 'lease_backend' })
    expect(asked(one).map(({ body }) => (JSON.parse(body) as { sync: boolean }).sync)).toEqual([true, false])
  })
})
