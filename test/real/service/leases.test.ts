import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ToolConfiguration } from '@keyplane/protocol'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { keyplane } from '../../../packages/cli/test/keyplane-process.ts'
import { ScratchFolder } from '../../../packages/cli/test/scratch-folder.ts'
import { databaseEngine, dynamicRole } from '../openbao/bao-database.ts'
import { revokeAppRoleTokens } from '../openbao/bao-roles.ts'
import { BaoServer, untilTrue } from '../openbao/bao-server.ts'
import { ScratchServer } from '../postgres/scratch-server.ts'
import {
  type BaoService,
  type BaoServiceOptions,
  loginVariables,
  readFrom,
  serviceRole,
  serviceText,
  startBaoService,
} from './bao-service.ts'

const bao = new BaoServer()
let database: ScratchServer
let variables: Readonly<Record<string, string>>
beforeAll(async () => {
  database = await ScratchServer.start()
  await bao.startDev()
  await databaseEngine(bao, database)
  variables = loginVariables(await serviceRole(bao, 'service', { token_ttl: '2h' }))
})
afterAll(async () => {
  await bao.remove()
  await database.stop()
})

const services: BaoService[] = []
const folders: ScratchFolder[] = []
afterEach(async () => {
  bao.resume()
  for (const { running } of services.splice(0)) await running.close()
  for (const folder of folders.splice(0)) folder.remove()
})

let roles = 0
/** A role of its own, and how a service is configured that needs its credential. */
const newRole = async (
  ttls: object,
  environment: object = {},
): Promise<{ readonly role: string; readonly options: BaoServiceOptions }> => {
  const role = `app${(roles += 1)}`
  await dynamicRole(bao, role, ttls)
  const db = { ref: `database/${role}`, kind: 'dynamic' }
  return { role, options: { secrets: { db }, environment, variables } }
}

const start = async (ttls: object, environment: object = {}): Promise<BaoService & { readonly role: string }> => {
  const { role, options } = await newRole(ttls, environment)
  const service = await startBaoService(bao, options)
  services.push(service)
  return { ...service, role }
}

/** The database's users that a role has made and that still are. */
const usersOf = async (role: string): Promise<number> =>
  (await database.query(`select 1 from pg_roles where rolname like 'v-approle-${role}-%'`)).length

/** Logs in as whom the service said. @throws what PostgreSQL says. */
const logIn = async ({ secrets }: ToolConfiguration): Promise<void> => {
  const text = secrets.get('db')?.value.reveal()
  const { username, password } = JSON.parse(String(text)) as { readonly username: string; readonly password: string }
  const client = new Client({ host: '127.0.0.1', port: database.port, user: username, password, database: 'postgres' })
  client.on('error', () => undefined)
  await client.connect()
  await client.query('select 1')
  await client.end()
}

/** Reads every so often, for so long, and acts on each answer without waiting for it. */
const reading = async (
  service: Pick<BaoService, 'read'>,
  forMs: number,
  act: (answer: ToolConfiguration) => Promise<unknown>,
): Promise<void> => {
  const acts: Promise<unknown>[] = []
  for (const endMs = performance.now() + forMs; performance.now() < endMs; ) {
    acts.push(service.read().then(act))
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  await Promise.all(acts)
}

describe('a database user with a lease', () => {
  it('is one for five hundred callers, and its login works', async () => {
    const service = await start({})
    const answers = await Promise.all(Array.from({ length: 500 }, () => service.read()))
    expect(new Set(answers.map(({ secrets }) => secrets.get('db')?.versionId)).size).toBe(1)
    expect([bao.asked(`database/creds/${service.role}`), await usersOf(service.role)]).toEqual([1, 1])
    const [answer] = answers
    if (!answer) return expect.unreachable()
    expect(answer.status).toBe('ok')
    await logIn(answer)
    const { expiresAtMs = 0, stale } = answer.secrets.get('db') ?? expect.unreachable()
    expect(Math.abs(expiresAtMs - Date.now() - 3_600_000)).toBeLessThan(30_000)
    expect(stale).toBe(false)
  })

  it('has a version that tells it from others and ends no lease', async () => {
    const service = await start({})
    const versionId = (await service.read()).secrets.get('db')?.versionId
    const lookup = await bao.done('GET', `sys/leases/lookup/database/creds/${service.role}?list=true`)
    const [lease = ''] = (lookup['data'] as { readonly keys: readonly string[] }).keys
    expect(JSON.stringify([service.records, versionId])).not.toContain(lease)
    expect(versionId).toMatch(/^[0-9a-f]{16}$/)
  })

  it('is renewed, then replaced before its longest life is over, and nobody’s login fails', async () => {
    const service = await start({ default_ttl: '4s', max_ttl: '9s' })
    const seen = new Set<string | undefined>()
    let most = 0
    await reading(service, 24_000, async (answer) => {
      expect(answer.status).toBe('ok')
      seen.add(answer.secrets.get('db')?.versionId)
      await logIn(answer)
      most = Math.max(most, await usersOf(service.role))
    })
    expect(seen.size).toBeGreaterThanOrEqual(3)
    expect(bao.asked('sys/leases/renew')).toBeGreaterThanOrEqual(3)
    // One that has ended stays for the moment that OpenBao takes to drop it.
    expect(most).toBeLessThanOrEqual(3)
  })

  it('takes nothing else away while its database hangs', async () => {
    await bao.done('POST', 'secret/data/allowed/beside', { data: { value: 'still here' } })
    const { options } = await newRole({}, { ttl: '1s', pollInterval: 0 })
    const service = await startBaoService(bao, { ...options, secrets: { ...options.secrets, key: 'allowed/beside' } })
    services.push(service)
    database.pause()
    try {
      await reading(service, 6_000, async ({ secrets, errors }) => {
        expect(errors).toMatchObject([{ secret: 'db' }])
        expect(secrets.get('key')?.value.reveal()).toBe('still here')
      })
    } finally {
      database.resume()
    }
    await expect.poll(async () => (await service.read()).status, { timeout: 20_000 }).toBe('ok')
  })

  it('is never more than the budget, and callers are told to come again', async () => {
    const service = await start({ default_ttl: '3s', max_ttl: '3s' }, { leases: { budget: 1 } })
    const codes = new Set<string>()
    await reading(service, 8_000, async ({ errors }) => {
      for (const { code } of errors) codes.add(code)
    })
    expect([...codes]).toEqual(['rate_limited'])
    expect(bao.asked(`database/creds/${service.role}`)).toBeLessThanOrEqual(4)
  })

  it('is given while it lives and OpenBao does not answer, and not a moment longer', async () => {
    const service = await start({ default_ttl: '6s', max_ttl: '6s' })
    const first = await service.read()
    const endMs = first.secrets.get('db')?.expiresAtMs ?? 0
    await bao.pause()
    const late: string[] = []
    await reading(service, 7_000, async ({ status, secrets }) => {
      if (secrets.size > 0 && Date.now() > endMs) late.push(status)
      if (Date.now() < endMs - 1_500) expect([status, secrets.get('db')?.stale]).toEqual(['ok', false])
    })
    expect(late).toEqual([])
    const after = await service.read()
    expect([after.status, after.errors.map(({ code }) => code).join()]).toMatchObject([
      'incomplete',
      expect.stringMatching(/^(timeout|unavailable)$/),
    ])
  })

  it('is the same one after OpenBao was away at the time of its renewal', async () => {
    const service = await start({ default_ttl: '20s', max_ttl: '1h' })
    const first = (await service.read()).secrets.get('db')?.versionId
    await reading(service, 11_000, async () => undefined)
    await bao.pause()
    await reading(service, 4_000, async ({ status }) => expect(status).toBe('ok'))
    bao.resume()
    await reading(service, 10_000, async ({ status }) => expect(status).toBe('ok'))
    const answer = await service.read()
    expect(answer.secrets.get('db')?.versionId).toBe(first)
    await logIn(answer)
  })

  it('is another one after OpenBao has revoked the login, and its leases with it', async () => {
    const service = await start({ default_ttl: '4s', max_ttl: '1h' })
    const first = (await service.read()).secrets.get('db')?.versionId
    await revokeAppRoleTokens(bao)
    await untilTrue('the user is gone', async () => (await usersOf(service.role)) === 0)
    await untilTrue('another credential', async () => {
      const answer = await service.read()
      return answer.secrets.get('db')?.versionId !== first && (await logIn(answer).then(() => true))
    })
  })
})

describe('a database user of a service', () => {
  /** A service in a process of its own, that has given its user to somebody. */
  const startProcess = async (ttls: object) => {
    const { role, options } = await newRole(ttls)
    const folder = new ScratchFolder()
    folders.push(folder)
    const file = join(folder.path, 'keyplane-service.yaml')
    writeFileSync(file, serviceText(bao, options))
    const args = ['service', '--config', file, '--data', folder.at('data'), '--json']
    const process = keyplane(args, { cwd: folder.path })
    const { serviceUrl } = JSON.parse(await process.firstLine()) as { readonly serviceUrl: string }
    await logIn(await readFrom(serviceUrl))
    expect(await usersOf(role)).toBe(1)
    return { role, process }
  }

  it('that is stopped is gone before it has ended', async () => {
    const { role, process } = await startProcess({})
    expect((await process.stop('SIGTERM')).code).toBe(0)
    expect(await usersOf(role)).toBe(0)
  })

  it('that is stopped while the database hangs is told of, and the end does not wait', async () => {
    const { process } = await startProcess({})
    database.pause()
    const startMs = performance.now()
    const { code, stderr } = await process.stop('SIGTERM')
    database.resume()
    expect(code).toBe(0)
    expect(performance.now() - startMs).toBeLessThan(8_000)
    expect(stderr).toMatch(/1 of the leases of \S+ could not be ended/)
  })

  it('that is killed is gone when its lease is over', async () => {
    const { role, process } = await startProcess({ default_ttl: '5s', max_ttl: '1h' })
    await process.stop('SIGKILL')
    await untilTrue('the user is gone', async () => (await usersOf(role)) === 0, 10_000)
  })
})
