import { writeFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type AppRole, appRole } from '../openbao/bao-roles.ts'
import { BaoServer } from '../openbao/bao-server.ts'
import { ScratchServer } from '../postgres/scratch-server.ts'
import { ServiceProcess } from './service-process.ts'

/** Its lockout is OpenBao's own: the fifth refused login, for 15 minutes. */
const bao = new BaoServer()
let postgres: ScratchServer
beforeAll(async () => {
  await bao.startDev()
  postgres = await ScratchServer.start()
  await bao.done('POST', 'secret/data/allowed/key', { data: { value: 'the value' } })
}, 60_000)
afterAll(async () => {
  await bao.remove()
  await postgres?.stop()
})

let role: AppRole
let refusedBefore: number
let services: ServiceProcess[]
beforeEach(async (context) => {
  role = await appRole(bao, `role-${context.task.id}`)
  services = []
  refusedBefore = refused()
})
afterEach(async () => {
  for (const each of services) await each.remove()
})

/** Logins that the audit log has as refused. */
const refused = (): number =>
  bao.auditLog
    .split('\n')
    .filter((line) => line.includes('"type":"response"') && line.includes('"path":"auth/approle/login"'))
    .filter((line) => (JSON.parse(line) as { readonly error?: string }).error !== undefined).length

/** A service whose secret id, in a file, is of no use any more. */
const staleService = (database: string | undefined): ServiceProcess => {
  const variables = { KEYPLANE_OPENBAO_ADDR: bao.endpoint, KEYPLANE_OPENBAO_ROLE_ID: role.roleId }
  const service = new ServiceProcess({
    config: {
      environments: {
        production: {
          source: 'openbao',
          variables: { ...variables, KEYPLANE_OPENBAO_SECRET_ID_FILE: 'secret-id' },
          cache: 'none',
        },
      },
      ...(database !== undefined && { database: { urlFile: 'database.url' } }),
      tools: { payments: { secrets: { apiKey: 'allowed/key' } } },
    },
    files: { 'secret-id': '00000000-dead-4000-8000-000000000000', 'database.url': database ?? '' },
  })
  services.push(service)
  return service
}

const errorOf = async (service: ServiceProcess): Promise<string | undefined> => {
  const { body } = await service.configuration('payments', 'production', { 'cache-control': 'no-cache' })
  return body.errors[0]?.code
}

/** Anybody else's login, which a locked role would refuse. */
const otherLogin = async (): Promise<number> =>
  (await bao.call('POST', 'auth/approle/login', { role_id: role.roleId, secret_id: role.secretId })).status

describe('a stale secret id', () => {
  it('locks no role for three replicas that start with it at once, and are each started again twice', async () => {
    const database = await postgres.createDatabase('replicas')
    const replicas = Array.from({ length: 3 }, () => staleService(database))
    for (const signal of ['SIGKILL', 'SIGTERM', undefined] as const) {
      await Promise.all(replicas.map((replica) => replica.start()))
      for (let asked = 0; asked < 5; asked += 1)
        expect(await Promise.all(replicas.map(errorOf))).toEqual(Array(3).fill('unauthenticated'))
      if (signal !== undefined) await Promise.all(replicas.map((replica) => replica.stop(signal)))
    }
    // The second is a minute after the first.
    expect(refused() - refusedBefore).toBeLessThanOrEqual(2)
    expect(refused() - refusedBefore).toBeGreaterThan(0)
    expect(await otherLogin()).toBe(200)
    // What replaces it is tried at once.
    for (const replica of replicas) writeFileSync(replica.folder.at('secret-id'), role.secretId)
    for (const replica of replicas) await expect.poll(() => errorOf(replica), { timeout: 20_000 }).toBeUndefined()
    expect(refused() - refusedBefore).toBeLessThanOrEqual(2)
    for (const replica of replicas) {
      const { stdout, stderr } = replica.process ?? expect.unreachable()
      expect(`${stdout}${stderr}`).not.toContain(role.secretId)
    }
    const rows = JSON.stringify(await postgres.query('select * from login_refusals', 'replicas'))
    for (const text of [role.secretId, role.roleId, '00000000-dead-4000-8000-000000000000'])
      expect(rows).not.toContain(text)
  }, 240_000)

  it('locks no role for a service that is started again and again', async () => {
    const service = staleService(undefined)
    for (let starts = 0; starts < 7; starts += 1) {
      await service.start()
      expect(await errorOf(service)).toBe('unauthenticated')
      await service.stop(starts % 2 === 0 ? 'SIGKILL' : 'SIGTERM')
    }
    expect(refused() - refusedBefore).toBeLessThanOrEqual(2)
    expect(await otherLogin()).toBe(200)
  }, 240_000)
})
