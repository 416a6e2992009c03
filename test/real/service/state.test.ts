import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { verifyServiceAudit } from '@keyplane/service'
import { describeAccounts } from '../../../packages/service/test/describe-accounts.ts'
import { type ServedAccounts, serveAccounts } from '../../../packages/service/test/serve-accounts.ts'
import { ScratchServer } from '../postgres/scratch-server.ts'

let server: ScratchServer
beforeAll(async () => {
  server = await ScratchServer.start()
}, 60_000)
afterAll(() => server.stop())

const newDatabase = async (): Promise<{ readonly url: string }> => ({
  url: await server.createDatabase(`state_${randomBytes(6).toString('hex')}`),
})

describeAccounts('PostgreSQL', async () => ({ database: await newDatabase(), remove: async () => undefined }))

describe('two services on one PostgreSQL', () => {
  const password = 'correct horse battery'
  const services: ServedAccounts[] = []
  let database: { readonly url: string }
  beforeAll(async () => {
    database = await newDatabase()
    // At once: both find an empty database.
    services.push(...(await Promise.all([serveAccounts(database), serveAccounts(database)])))
    await first().ask('/v1/users/alice', { method: 'PUT', body: { password, roles: ['production'] } })
  })
  afterAll(async () => {
    for (const each of services) await each.close()
  })
  const first = (): ServedAccounts => services[0] as ServedAccounts
  const second = (): ServedAccounts => services[1] as ServedAccounts

  it('know each other’s logins, and each other’s logouts at once', async () => {
    for (const [here, there] of [
      [first(), second()],
      [second(), first()],
    ] as const) {
      const token = await here.login('alice', password)
      expect((await there.ask('/v1/whoami', { token })).status).toBe(200)
      expect((await there.ask('/v1/sessions/current', { method: 'DELETE', token })).status).toBe(204)
      for (const each of services) expect((await each.ask('/v1/whoami', { token })).status).toBe(401)
    }
  })

  it('hold to a change of a user at once', async () => {
    const token = await first().login('alice', password)
    await second().ask('/v1/users/alice', { method: 'PUT', body: { roles: ['staging'] } })
    expect((await first().ask('/v1/whoami', { token })).body).toMatchObject({ roles: ['staging'] })
    await second().ask('/v1/users/alice', { method: 'PUT', body: { enabled: false } })
    expect((await first().ask('/v1/whoami', { token })).status).toBe(401)
    await second().ask('/v1/users/alice', { method: 'PUT', body: { enabled: true, roles: ['production'] } })
  })

  it('do a write once that is sent to both with one key', async () => {
    const sent = { method: 'PUT', body: { password, roles: ['staging'] }, headers: { 'idempotency-key': 'both' } }
    const answers = await Promise.all(services.map(({ ask }) => ask('/v1/users/bob', sent)))
    expect(answers.map(({ status }) => status)).toEqual([201, 201])
    expect(answers[0]?.body).toEqual(answers[1]?.body)
  })

  it('have a chain each, and all hold', async () => {
    const path = '/v1/environments/production/tools/payments/configuration'
    await Promise.all(Array.from({ length: 40 }, (_, index) => services[index % 2]?.ask(path)))
    const verdicts = await verifyServiceAudit({ database })
    expect(verdicts.map(({ verdict }) => verdict.ok)).toEqual([true, true])
    expect(verdicts.every(({ records }) => records > 20)).toBe(true)
  })

  it('answer who is logged in by 503 or 504 while the database hangs, and go on when it is back', async () => {
    const token = await first().login('alice', password)
    server.pause()
    const [session, key] = await Promise.all([
      first().ask('/v1/whoami', { token }),
      first().ask('/v1/environments/production/tools/payments/configuration'),
    ])
    server.resume()
    expect([503, 504]).toContain(session.status)
    // Its record is in the database too.
    expect(key).toMatchObject({ status: 503, body: { code: 'unavailable' } })
    await expect.poll(async () => (await first().ask('/v1/whoami', { token })).status, { timeout: 20_000 }).toBe(200)
  }, 60_000)

  it('lose nothing that was acknowledged when the database is killed, and go on by themselves when it is back', async () => {
    const token = await first().login('alice', password)
    const path = '/v1/environments/production/tools/payments/configuration'
    expect((await second().ask(path)).status).toBe(200)
    const before = (await verifyServiceAudit({ database })).map(({ records }) => records)
    await server.kill()
    expect((await first().ask('/v1/whoami', { token })).status).toBe(503)
    expect(await first().ask(path)).toMatchObject({ status: 503, body: { code: 'unavailable' } })
    await server.launch()
    for (const each of services)
      await expect.poll(async () => (await each.ask('/v1/whoami', { token })).status, { timeout: 20_000 }).toBe(200)
    await expect.poll(async () => (await first().ask(path)).status, { timeout: 20_000 }).toBe(200)
    const verdicts = await verifyServiceAudit({ database })
    expect(verdicts.map(({ verdict }) => verdict.ok)).toEqual([true, true])
    for (const [chain, { records }] of verdicts.entries()) expect(records).toBeGreaterThanOrEqual(before[chain] ?? 0)
  }, 60_000)
})
