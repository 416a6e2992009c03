import { inspect } from 'node:util'
import { type SecretProvider, SecretsError } from '@keyplane/core'
import { type FakeClock, fakeClock } from '@keyplane/testkit'
import { afterEach, describe, expect, it } from 'vitest'
import { type Behaviour, startHttpDouble } from '../test/http-double.ts'
import { openbaoProvider } from './openbao.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean()
})

const ref = { id: 'database/app' }

/** An engine that makes credentials for a minute, whose renewals are told what to give. */
const start = async (tokenSeconds = 0) => {
  const clock: FakeClock = fakeClock()
  const given = { made: 0, renewedSeconds: 60, gone: false }
  const answered = (body: object): Behaviour => ({
    body: JSON.stringify({ request_id: 'r-1', renewable: true, ...body }),
  })
  const double = await startHttpDouble(({ target }) => {
    if (target.endsWith('lookup-self')) return answered({ data: { ttl: tokenSeconds, renewable: false } })
    if (target.endsWith('renew') && given.gone) return { status: 400, body: '{"errors":["lease not found"]}' }
    if (target.endsWith('renew')) return answered({ lease_duration: given.renewedSeconds, data: null })
    if (target.endsWith('revoke')) return { status: 204 }
    given.made += 1
    const data = { username: `v-${given.made}`, password: 'password-canary' }
    return answered({ lease_id: `database/creds/app/lease-canary-${given.made}`, lease_duration: 60, data })
  })
  const auth = { method: 'token', token: 's.double' } as const
  const provider: SecretProvider = openbaoProvider({ endpoints: [double.endpoint], auth, clock, dynamic: [ref.id] })
  cleanups.push(() => provider.close?.(), double.stop)
  if (!provider.leases) throw new Error('It has leases.')
  return { clock, given, double, provider, leases: provider.leases }
}

const leaseOf = async (provider: SecretProvider) => (await provider.get(ref)).lease ?? expect.unreachable()

describe('a dynamic secret of OpenBao', () => {
  it('is another credential at each read, as JSON, with a lease', async () => {
    const { provider, clock } = await start()
    const one = await provider.get(ref)
    const two = await provider.get(ref)
    expect([one, two].map(({ value }) => value.reveal())).toEqual([
      '{"password":"password-canary","username":"v-1"}',
      '{"password":"password-canary","username":"v-2"}',
    ])
    expect(one.version).not.toBe(two.version)
    expect(one.lease).toMatchObject({ renewable: true, expiresAtMs: clock.nowMs() + 60_000 })
    expect(one.attributes).toEqual({ 'openbao.requestId': 'r-1' })
  })

  it('shows its lease’s id to nobody', async () => {
    const { provider } = await start()
    expect(inspect(await provider.get(ref), { depth: 9, showHidden: true })).not.toContain('canary')
  })

  it('is the current one only, and has nothing to look at', async () => {
    const { provider } = await start()
    for (const more of [{ version: '1' }, { stage: 'previous' as const }])
      await expect(provider.get({ ...ref, ...more })).rejects.toMatchObject({ code: 'version_not_found' })
    const [state] = (await provider.state?.describe([ref])) ?? []
    expect(state).toMatchObject({ ok: false, error: { code: 'unsupported' } })
  })

  it('is a path of the KV mount where nobody says otherwise', async () => {
    const { provider, leases, double } = await start()
    expect([leases.isLeased(ref), leases.isLeased({ id: 'database/other' })]).toEqual([true, false])
    await provider.get({ id: 'database/other' }).catch(() => undefined)
    expect(double.asked.at(-1)?.target).toBe('/v1/secret/data/database/other')
    const auth = { method: 'token', token: 's.double' } as const
    expect(openbaoProvider({ endpoints: [double.endpoint], auth }).leases).toBeUndefined()
  })
})

describe('its lease', () => {
  it('is renewed for as long as it was made for', async () => {
    const { provider, leases, clock, double } = await start()
    const lease = await leaseOf(provider)
    await clock.advance(40_000)
    expect(await leases.renew(lease)).toEqual({ ...lease, expiresAtMs: clock.nowMs() + 60_000 })
    expect(String(double.asked.at(-1)?.body)).toBe(
      Buffer.from('{"lease_id":"database/creds/app/lease-canary-1","increment":60}').toString(),
    )
  })

  it('is at its longest life where OpenBao gives less, which it rounds up', async () => {
    const { provider, leases, clock, given } = await start()
    const lease = await leaseOf(provider)
    await clock.advance(40_000)
    given.renewedSeconds = 50
    const expiresAtMs = clock.nowMs() + 49_000
    expect(await leases.renew(lease)).toEqual({ ...lease, expiresAtMs, maxExpiresAtMs: expiresAtMs })
  })

  it('loses nothing of its life by a renewal that gives next to none', async () => {
    const { provider, leases, clock, given } = await start()
    const lease = await leaseOf(provider)
    await clock.advance(40_000)
    given.renewedSeconds = 20
    const { expiresAtMs } = await leases.renew(lease)
    expect(expiresAtMs).toBe(lease.expiresAtMs)
  })

  it('that OpenBao does not know, or that was ended here, is gone', async () => {
    const { provider, leases, given, double } = await start()
    const lease = await leaseOf(provider)
    given.gone = true
    await expect(leases.renew(lease)).rejects.toMatchObject({ code: 'secret_not_found', reason: 'lease_gone' })
    await leases.revoke(lease)
    const before = double.asked.length
    await leases.revoke(lease)
    await expect(leases.renew(lease)).rejects.toBeInstanceOf(SecretsError)
    expect(double.asked.length).toBe(before)
  })

  it('ends with the login', async () => {
    const { provider, leases, clock } = await start(30)
    const lease = await leaseOf(provider)
    expect(leases.loginLeftMs?.(lease)).toBe(30_000)
    await clock.advance(10_000)
    expect(leases.loginLeftMs?.(lease)).toBe(20_000)
    const endless = await start()
    expect(endless.leases.loginLeftMs?.(await leaseOf(endless.provider))).toBe(Infinity)
  })
})
