import { randomBytes } from 'node:crypto'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { verifyServiceAudit } from '@keyplane/service'
import { afterEach, describe, expect, it } from 'vitest'
import { type ServedAccounts, serveAccounts } from '../../../packages/service/test/serve-accounts.ts'
import { isRoot, SmallDisk } from '../durability/small-disk.ts'
import { type AppRole, appRole } from '../openbao/bao-roles.ts'
import { BaoServer } from '../openbao/bao-server.ts'
import { ScratchServer } from '../postgres/scratch-server.ts'
import { WatchedService } from './watched-service.ts'

const aLook = { timeout: 25_000, interval: 200 }
const untilOver = { timeout: 90_000, interval: 500 }

const closing: (() => Promise<unknown> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** OpenBao whose storage is new: it was never set up. */
class NewBao extends BaoServer {
  protected override async isReady(): Promise<boolean> {
    return (await this.call('GET', 'sys/health')).status === 501
  }
}

const started = async (server: BaoServer): Promise<BaoServer> => {
  closing.push(() => server.remove())
  return server.startDev()
}

/** As from a backup: the same role, by the same credentials. */
const restoreRole = async (server: BaoServer, { roleId, secretId }: AppRole): Promise<void> => {
  await appRole(server, 'service')
  await server.done('POST', 'auth/approle/role/service/role-id', { role_id: roleId })
  await server.done('POST', 'auth/approle/role/service/custom-secret-id', { secret_id: secretId })
}

/** A service over it by an AppRole, which has read its one secret, and keeps it for a second. */
const reading = async (server: BaoServer): Promise<{ readonly service: WatchedService; readonly role: AppRole }> => {
  const role = await appRole(server, 'service')
  await server.done('POST', 'secret/data/allowed/key', { data: { value: 'the value' } })
  const variables = {
    KEYPLANE_OPENBAO_ADDR: server.endpoint,
    KEYPLANE_OPENBAO_ROLE_ID: role.roleId,
    KEYPLANE_OPENBAO_SECRET_ID: role.secretId,
  }
  const service = new WatchedService()
  closing.push(() => service.close())
  await service.start({ source: 'openbao', variables, ttl: '1s', maxStale: '1h' }, { key: 'allowed/key' })
  expect((await service.read()).configuration.status).toBe('ok')
  return { service, role }
}

const expectStale = async (service: WatchedService): Promise<void> => {
  await expect.poll(async () => (await service.read()).configuration.status, aLook).toBe('degraded')
  const { configuration } = await service.read()
  expect(configuration).toMatchObject({ missing: [], errors: [] })
  expect(configuration.secrets.get('key')).toMatchObject({ stale: true, source: 'openbao' })
  await expect.poll(() => service.told).toEqual(['degraded outage'])
}

describe('OpenBao that lost all that it had', () => {
  it('has no login: what is cached is given as old, no secret is called missing, and the login is not tried in vain', async () => {
    const server = await started(new BaoServer())
    const { service, role } = await reading(server)
    await server.kill()
    await server.startDev()
    const triedBefore = server.asked('auth/approle/login')
    await expectStale(service)
    for (let times = 0; times < 20; times += 1) await service.read({ fresh: times % 2 === 0 })
    expect(server.asked('auth/approle/login') - triedBefore).toBeLessThanOrEqual(2)
    expect(service.alerts[0]).toMatchObject({ what: 'payments.key', reason: 'locked_out' })
    await restoreRole(server, role)
    await server.done('POST', 'secret/data/allowed/key', { data: { value: 'the value' } })
    await expect.poll(async () => (await service.read()).configuration.status, untilOver).toBe('ok')
    await expect.poll(() => service.told, untilOver).toEqual(['degraded outage', 'recovered outage'])
  }, 240_000)

  it('and takes the login again has no such secret: it is missing, is not given from what was kept, and that is told', async () => {
    const server = await started(new BaoServer())
    const { service, role } = await reading(server)
    await server.kill()
    await server.startDev()
    await restoreRole(server, role)
    await expect.poll(async () => (await service.read()).configuration.missing, aLook).toEqual(['key'])
    const { configuration } = await service.read()
    expect(configuration).toMatchObject({ status: 'incomplete', errors: [] })
    expect(configuration.secrets.size).toBe(0)
    await expect.poll(() => service.told).toContain('critical absence')
  }, 60_000)

  it('and waits for being set up is told as uninitialised, and covered by what is cached', async () => {
    const server = await started(new BaoServer())
    const { service } = await reading(server)
    await server.kill()
    const fresh = new NewBao()
    closing.push(() => fresh.remove())
    fresh.port = server.port
    await fresh.start(
      [],
      `storage "inmem" {}\nlistener "tcp" {\n  address = "127.0.0.1:${server.port}"\n  tls_disable = true\n}\n`,
    )
    await expectStale(service)
    await expect.poll(async () => (await service.health()).sources[0]?.state, aLook).toBe('uninitialised')
  }, 60_000)
})

describe.runIf(isRoot)('OpenBao whose audit log has no room', () => {
  it('answers nobody: what is cached is given as old, and it is used again when there is room', async () => {
    const disk = new SmallDisk(1)
    closing.push(() => disk.remove())
    const server = new BaoServer()
    symlinkSync(join(disk.path, 'audit.log'), server.folder.at('audit.log'))
    await started(server)
    const { service } = await reading(server)
    disk.fill()
    await expectStale(service)
    expect(service.alerts[0]).toMatchObject({ what: 'payments.key', reason: 'server_error' })
    disk.empty()
    await expect.poll(async () => (await service.read()).configuration.status, aLook).toBe('ok')
    await expect.poll(() => service.told, untilOver).toEqual(['degraded outage', 'recovered outage'])
  }, 150_000)
})

const password = 'correct horse battery'
const configurationPath = '/v1/environments/production/tools/payments/configuration'

/** A service whose users, sessions and records are in a database of this server. */
const served = async (server: ScratchServer) => {
  const url = await server.createDatabase(`state_${randomBytes(6).toString('hex')}`)
  const warnings: string[] = []
  const service = await serveAccounts({ url }, { warn: (message) => void warnings.push(message) })
  closing.push(() => service.close())
  await service.ask('/v1/users/alice', { method: 'PUT', body: { password, roles: ['production'] } })
  return { url, service, warnings, token: await service.login('alice', password) }
}

const statusOf = async (service: ServedAccounts, path: string, token?: string): Promise<number> =>
  (await service.ask(path, token === undefined ? {} : { token })).status

describe.runIf(isRoot)('a PostgreSQL whose disk is full', () => {
  it('lets no value out that it has no record of, loses nothing that it had, and is used again when there is room', async () => {
    const disk = new SmallDisk(160)
    closing.push(() => disk.remove())
    const settings = ['max_wal_size=48MB', 'min_wal_size=32MB', 'checkpoint_timeout=30s']
    const server = await ScratchServer.start({ parent: disk.path, settings })
    closing.push(() => server.stop())
    const { url, service, token } = await served(server)
    disk.fill()
    let answered = 0
    for (let count = 0; count < 4_000; count += 1) {
      const { status, body } = await service.ask(configurationPath)
      if (status === 200) answered += 1
      else {
        expect({ status, code: body['code'] }).toEqual({ status: 503, code: 'unavailable' })
        break
      }
    }
    const refused = await Promise.all(Array.from({ length: 20 }, () => statusOf(service, configurationPath)))
    expect(new Set(refused)).toEqual(new Set([503]))
    disk.empty()
    // A server that cannot even write its log ends by itself.
    if (!server.isRunning) await server.launch()
    await expect.poll(() => statusOf(service, configurationPath), aLook).toBe(200)
    expect(await statusOf(service, '/v1/whoami', token)).toBe(200)
    const verdicts = await verifyServiceAudit({ database: { url } })
    expect(verdicts.map(({ verdict }) => verdict.ok)).toEqual([true])
    expect(verdicts[0]?.records).toBeGreaterThan(answered)
  }, 120_000)
})

describe('a PostgreSQL that lost all that it had', () => {
  it('lets nobody in and no value out, and is set up anew at a start', async () => {
    const server = await ScratchServer.start()
    closing.push(() => server.stop())
    const { url, service, warnings, token } = await served(server)
    const name = new URL(url).pathname.slice(1)
    const expectNothingOut = async (): Promise<void> => {
      const value = await service.ask(configurationPath)
      expect(value).toMatchObject({ status: 503, body: { code: 'unavailable' } })
      const session = await service.ask('/v1/whoami', { token })
      expect(session).toMatchObject({ status: 500, body: { code: 'source_misconfigured' } })
      // Where it keeps its users is nothing that a caller has to know.
      for (const { body } of [value, session]) expect(JSON.stringify(body)).not.toMatch(new RegExp(`${name}|127.0.0.1`))
    }
    await server.query('drop schema public cascade; create schema public', name)
    await expectNothingOut()
    await server.query(`drop database "${name}" with (force)`)
    await expectNothingOut()
    await server.createDatabase(name)
    await expectNothingOut()
    expect(warnings.join()).toContain('lacks a table')
    const again = await serveAccounts({ url })
    closing.push(() => again.close())
    for (const each of [again, service]) {
      expect(await statusOf(each, configurationPath)).toBe(200)
      expect(await statusOf(each, '/v1/whoami', token)).toBe(401)
    }
    const verdicts = await verifyServiceAudit({ database: { url } })
    expect(verdicts.map(({ verdict }) => verdict.ok)).toEqual(verdicts.map(() => true))
  }, 60_000)
})
