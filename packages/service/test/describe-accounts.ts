import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type StateDatabase, verifyServiceAudit } from '../src/index.ts'
import { admin, type ServedAccounts, serveAccounts } from './serve-accounts.ts'

/** A database for one test. */
export interface ScratchState {
  readonly database: StateDatabase
  remove(): Promise<void>
}

const password = 'correct horse battery'
const other = 'another long password'
const alice = '/v1/users/alice'
const ofTool = (environment: string): string => `/v1/environments/${environment}/tools/payments/configuration`

/** The rules of users, logins and their record, which hold on whichever engine. */
export const describeAccounts = (engine: string, start: () => Promise<ScratchState>): void => {
  describe(`accounts on ${engine}`, () => {
    let scratch: ScratchState
    let served: ServedAccounts
    beforeEach(async () => {
      scratch = await start()
      served = await serveAccounts(scratch.database)
      await put({ password, roles: ['production'] })
    })
    afterEach(async () => {
      await served.close()
      await scratch.remove()
    })
    const put = (body: object, headers: Readonly<Record<string, string>> = {}) =>
      served.ask(alice, { method: 'PUT', body, headers })
    const records = async () =>
      served.state.reader.all(
        served.state.reader.query.selectFrom('audit_records').selectAll().orderBy('seq').compile(),
      )

    it('lets a user log in, read what his roles allow, and log out', async () => {
      const token = await served.login('alice', password)
      expect(token).toMatch(/^kpt_[\w-]{43}$/)
      expect((await served.ask(ofTool('production'), { token })).body).toMatchObject({ status: 'ok' })
      expect((await served.ask(ofTool('staging'), { token })).status).toBe(403)
      const { body: who } = await served.ask('/v1/whoami', { token })
      expect(who).toMatchObject({
        name: 'alice',
        kind: 'session',
        roles: ['production'],
        actions: [],
        access: [{ environment: 'production', tools: ['payments'] }],
      })
      expect((await served.ask('/v1/sessions/current', { method: 'DELETE', token })).status).toBe(204)
      expect((await served.ask('/v1/whoami', { token })).status).toBe(401)
    })

    it('tells who shows a key what he may do too', async () => {
      expect((await served.ask('/v1/whoami')).body).toMatchObject({
        name: 'admin',
        kind: 'key',
        actions: ['health:read', 'metrics:read', 'users:read', 'users:write'],
        access: [{ environment: 'production' }, { environment: 'staging' }],
      })
      expect((await served.ask('/v1/sessions/current', { method: 'DELETE' })).status).toBe(400)
    })

    it('answers a wrong password, a wrong name and a user who is off alike', async () => {
      await served.ask('/v1/users/off', { method: 'PUT', body: { password, roles: [], enabled: false } })
      const refused = await Promise.all(
        [
          ['alice', other],
          ['nobody', password],
          ['off', password],
        ].map(([user, given]) =>
          served.ask('/v1/sessions', { method: 'POST', body: { user, password: given }, token: '' }),
        ),
      )
      for (const { status, body } of refused) {
        expect(status).toBe(401)
        expect({ ...body, requestId: '' }).toEqual({ ...refused[0]?.body, requestId: '' })
      }
    })

    it('lets changes of a user hold at the next request', async () => {
      const token = await served.login('alice', password)
      const status = async () => (await served.ask('/v1/whoami', { token })).status
      await put({ roles: ['staging'] })
      expect((await served.ask(ofTool('production'), { token })).status).toBe(403)
      expect((await served.ask(ofTool('staging'), { token })).status).toBe(200)
      for (const change of [{ enabled: false }, { enabled: true }]) {
        await put(change)
        expect(await status()).toBe(401)
      }
      const second = await served.login('alice', password)
      await put({ password: other })
      expect((await served.ask('/v1/whoami', { token: second })).status).toBe(401)
      const third = await served.login('alice', other)
      await served.ask(`${alice}/sessions`, { method: 'DELETE' })
      expect((await served.ask('/v1/whoami', { token: third })).status).toBe(401)
      const fourth = await served.login('alice', other)
      await served.ask(alice, { method: 'DELETE' })
      await put({ password: other, roles: ['production'] })
      expect((await served.ask('/v1/whoami', { token: fourth })).status).toBe(401)
    })

    it('lets a user change his own password, by the one that he has, and ends his sessions', async () => {
      await served.ask('/v1/users/eve', { method: 'PUT', body: { password, roles: ['staging'] } })
      const token = await served.login('eve', password)
      const change = (given: string, by = token) =>
        served.ask('/v1/whoami/password', { method: 'PUT', body: { password: given, newPassword: other }, token: by })
      expect((await change(other)).body).toMatchObject({ code: 'access_denied' })
      expect((await served.ask('/v1/whoami', { token })).status).toBe(200)
      expect((await change(password)).status).toBe(204)
      expect((await served.ask('/v1/whoami', { token })).status).toBe(401)
      expect((await change(other, await served.login('eve', other))).status).toBe(204)
      expect((await change(password, admin.key)).body).toMatchObject({ code: 'invalid_request' })
      const guessing = await served.login('eve', other)
      for (let failure = 0; failure < 5; failure += 1) expect((await change(password, guessing)).status).toBe(403)
      expect((await change(other, guessing)).status).toBe(429)
    })

    it('lets nobody but who may see and change users', async () => {
      const token = await served.login('alice', password)
      for (const [method, path] of [
        ['GET', '/v1/users'],
        ['GET', alice],
        ['PUT', alice],
        ['DELETE', alice],
        ['DELETE', `${alice}/sessions`],
      ] as const) {
        const body = method === 'PUT' ? { roles: ['all'] } : undefined
        expect((await served.ask(path, { method, body, token })).status, path).toBe(403)
        expect((await served.ask(path, { method, body, token: '' })).status, path).toBe(401)
      }
      expect((await served.ask(alice)).body).toMatchObject({ name: 'alice', roles: ['production'], enabled: true })
      expect((await served.ask('/v1/users')).body).toMatchObject({ users: [{ name: 'alice' }] })
    })

    it.each([
      [{ roles: ['nothing'] }, 400],
      [{ password: 'short' }, 400],
      [{ colour: 'red' }, 400],
    ])('refuses %o for a user', async (body, status) => {
      const answer = await put(body)
      expect(answer.status).toBe(status)
      expect(JSON.stringify(answer.body)).not.toContain('short"')
    })

    it('refuses a new user without a password or roles, and tells of one that there is not', async () => {
      const bob = '/v1/users/bob'
      expect((await served.ask(bob, { method: 'PUT', body: { roles: [] } })).status).toBe(400)
      for (const method of ['GET', 'DELETE']) expect((await served.ask(bob, { method })).status).toBe(404)
    })

    it('renews a session, with the token that it has', async () => {
      const token = await served.login('alice', password)
      const { body } = await served.ask('/v1/sessions/renew', { method: 'POST', token })
      expect(Date.parse(String(body['expiresAt']))).toBeGreaterThan(Date.now() + 14 * 60_000)
    })

    it('does the same write once, however often it is sent', async () => {
      const key = { 'idempotency-key': 'key-1' }
      const bob = '/v1/users/bob'
      const made = { password, roles: ['staging'] }
      const send = (body: object = made) => served.ask(bob, { method: 'PUT', body, headers: key })
      const answers = await Promise.all(Array.from({ length: 5 }, () => send()))
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]))
      await served.ask(bob, { method: 'PUT', body: { roles: ['production'] } })
      expect((await send()).body).toEqual(answers[0]?.body)
      expect((await served.ask(bob)).body).toMatchObject({ roles: ['production'] })
      for (const different of [{ ...made, roles: [] }, { ...made, password: other }, { roles: ['staging'] }])
        expect(await send(different)).toMatchObject({ status: 409, body: { code: 'conflict' } })
      const elsewhere = await served.ask(alice, { method: 'PUT', body: made, headers: key })
      expect(elsewhere.status).toBe(409)
      const remove = { method: 'DELETE', headers: { 'idempotency-key': 'key-2' } }
      expect([(await served.ask(bob, remove)).status, (await served.ask(bob, remove)).status]).toEqual([204, 204])
      const long = { 'idempotency-key': 'x'.repeat(256) }
      expect((await served.ask(bob, { method: 'DELETE', headers: long })).status).toBe(400)
    })

    it('loses no change of several at once', async () => {
      const answers = await Promise.all([
        put({ enabled: true }),
        put({ roles: ['staging'] }),
        put({ roles: ['staging'] }),
        put({ password: other }),
      ])
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
      expect((await served.ask(alice)).body).toMatchObject({ roles: ['staging'], enabled: true })
      await served.login('alice', other)
    })

    it('records logins, refusals, logouts, changes and what was delivered, in a chain that holds', async () => {
      const token = await served.login('alice', password)
      await served.ask('/v1/sessions', { method: 'POST', body: { user: 'alice', password: other }, token: '' })
      await served.ask('/v1/sessions', { method: 'POST', body: { user: password, password }, token: '' })
      await served.ask('/v1/sessions', { method: 'POST', body: { user: 'nobody', password }, token: '' })
      await served.ask(ofTool('production'), { token })
      await served.ask('/v1/users', { token })
      await served.ask('/v1/sessions/current', { method: 'DELETE', token })
      const found = (await records()).map(({ actor, action, resource, decision }) => [
        actor,
        action,
        resource,
        decision,
      ])
      expect(found).toEqual([
        ['admin', 'users:write', 'user/alice', 'allow'],
        ['user:alice', 'sessions:create', 'user/alice', 'allow'],
        ['-', 'sessions:create', 'user/alice', 'deny'],
        ['-', 'sessions:create', 'user/-', 'deny'],
        ['user:alice', 'configuration:read', 'production/payments/apiKey', 'allow'],
        ['user:alice', 'users:read', 'user/-', 'deny'],
        ['user:alice', 'sessions:end', 'user/alice', 'allow'],
      ])
      const verdicts = await verifyServiceAudit({ database: scratch.database })
      expect(verdicts.map(({ records: count, verdict }) => [count, verdict.ok])).toEqual([[found.length, true]])
    })

    it('keeps neither a password nor a token', async () => {
      const token = await served.login('alice', password)
      await put({ password: other }, { 'idempotency-key': 'key-3' })
      const { reader } = served.state
      const rows = await Promise.all(
        (['users', 'sessions', 'idempotency', 'audit_records'] as const).map((table) =>
          reader.all(reader.query.selectFrom(table).selectAll().compile()),
        ),
      )
      const kept = JSON.stringify(rows)
      expect(kept).toContain('$argon2id$v=19$m=19456,t=2,p=1$')
      for (const secret of [password, other, token, token.slice(4)]) expect(kept).not.toContain(secret)
    })

    it('lets a user do nothing while the configuration lacks a role of his, which may have denied something', async () => {
      const token = await served.login('alice', password)
      const everything = { allow: [{ actions: ['*'], environments: ['*'], tools: ['*'] }] }
      const careful = { allow: [], deny: [{ actions: ['*'], environments: ['production'], tools: ['*'] }] }
      const restart = async (roles: object) => {
        await served.close()
        const told: string[] = []
        served = await serveAccounts(scratch.database, { more: { roles }, warn: (message) => told.push(message) })
        return told
      }
      expect(await restart({ all: everything, careful })).toEqual([expect.stringContaining('no role "production"')])
      await put({ roles: ['all', 'careful'] })
      expect((await served.ask(ofTool('staging'), { token })).status).toBe(200)
      expect(await restart({ all: everything })).toEqual([
        'There is no role "careful": users who have it (1) may do nothing.',
      ])
      for (const environment of ['staging', 'production'])
        expect((await served.ask(ofTool(environment), { token })).status).toBe(403)
      expect((await served.ask('/v1/users', { token })).status).toBe(403)
    })

    it('goes on after a restart with who is logged in', async () => {
      const token = await served.login('alice', password)
      await served.close()
      served = await serveAccounts(scratch.database)
      expect((await served.ask('/v1/whoami', { token })).status).toBe(200)
    })
  })
}
