import type { ToolConfiguration } from '@keyplane/protocol'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { appRole, revokeAppRoleTokens } from '../openbao/bao-roles.ts'
import { BaoServer, untilTrue } from '../openbao/bao-server.ts'
import { type BaoService, loginVariables, serviceRole, startBaoService } from './bao-service.ts'

const bao = new BaoServer()
beforeAll(async () => {
  await bao.startDev()
  for (const name of ['db', 'gone', 'destroyed'])
    await bao.done('POST', `secret/data/allowed/${name}`, { data: { value: name } })
  await bao.done('DELETE', 'secret/data/allowed/gone')
  await bao.done('PUT', 'secret/destroy/allowed/destroyed', { versions: [1] })
  await bao.done('POST', 'secret/data/denied/db', { data: { value: 'not for you' } })
})
afterAll(() => bao.remove())

const services: BaoService[] = []
afterEach(async () => {
  bao.resume()
  for (const { running } of services.splice(0)) await running.close()
})
/** A service that keeps nothing, so that each read is a question to OpenBao. */
const start = async (
  secrets: object,
  variables: Readonly<Record<string, string>>,
  environment: object = {},
): Promise<BaoService> => {
  const options = { secrets, variables, environment: { warm: false, cache: 'none', pollInterval: 0, ...environment } }
  const service = await startBaoService(bao, options)
  services.push(service)
  return service
}
const logins = (): number => bao.asked('auth/approle/login')
const valueOf = ({ secrets }: ToolConfiguration, name = 'db'): unknown => secrets.get(name)?.value.reveal()

describe('the service’s login to OpenBao', () => {
  it('is one for fifty reads at once that find their token revoked', async () => {
    const names = Array.from({ length: 50 }, (_, index) => `s${index}`)
    const secrets = Object.fromEntries(names.map((name, index) => [name, `allowed/many-${index}`]))
    for (const index of names.keys())
      await bao.done('POST', `secret/data/allowed/many-${index}`, { data: { value: `value ${index}` } })
    const service = await start(secrets, loginVariables(await serviceRole(bao, 'many')))
    await service.read()
    await revokeAppRoleTokens(bao)
    const before = logins()
    // Fifty callers, each of whom has sixteen of its fifty secrets read at a time.
    const answers = await Promise.all(Array.from({ length: 50 }, () => service.read()))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set(['ok']))
    expect(logins() - before).toBe(1)
  })

  it('by a stale secret id is refused twice in a quarter of an hour at most, and locks nobody out', async () => {
    const { roleId, secretId } = await serviceRole(bao, 'stale')
    const stale = await start(
      { db: 'allowed/db' },
      loginVariables({ roleId, secretId: '00000000-dead-4000-8000-000000000000' }),
    )
    const before = logins()
    for (let times = 0; times < 40; times += 1)
      expect((await stale.read({ 'cache-control': 'no-cache' })).errors).toEqual([
        { secret: 'db', code: 'unauthenticated' },
      ])
    expect(logins() - before).toBeLessThanOrEqual(2)
    const good = await start({ db: 'allowed/db' }, loginVariables({ roleId, secretId }))
    expect(valueOf(await good.read())).toBe('db')
  })

  it('is kept while OpenBao is away, and no new one is tried', async () => {
    const role = await serviceRole(bao, 'away', { token_ttl: '12s', token_max_ttl: '1h' })
    const service = await start({ db: 'allowed/db' }, loginVariables(role))
    await service.read()
    const before = logins()
    await bao.pause()
    const codes = new Set<string>()
    for (const endMs = performance.now() + 6_000; performance.now() < endMs; ) {
      for (const { code } of (await service.read()).errors) codes.add(code)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    bao.resume()
    expect([...codes].filter((code) => !['timeout', 'unavailable'].includes(code))).toEqual([])
    await untilTrue('OpenBao is asked again', async () => valueOf(await service.read()) === 'db', 10_000)
    // It was renewed meanwhile, or is now, by its old name.
    await untilTrue('the token outlives its first life', async () => {
      await new Promise((resolve) => setTimeout(resolve, 7_000))
      return valueOf(await service.read()) === 'db'
    })
    expect(logins()).toBe(before)
  })
})

describe('what OpenBao says is told apart', () => {
  const answerOf = async (ref: string, variables?: Readonly<Record<string, string>>) => {
    const login = variables ?? loginVariables(await serviceRole(bao, 'told'))
    const { missing, errors, status } = await (await start({ db: ref }, login)).read()
    return [status, ...missing.map(() => 'missing'), ...errors.map(({ code }) => code)]
  }

  it('of three 404s: no such secret, one that was deleted, and no such mount', async () => {
    expect(await answerOf('allowed/none')).toEqual(['incomplete', 'missing'])
    expect(await answerOf('allowed/gone')).toEqual(['incomplete', 'missing'])
    expect(await answerOf('allowed/destroyed')).toEqual(['incomplete', 'missing'])
    // Who may nothing there is told no more than that.
    const nowhere = { KEYPLANE_OPENBAO_TOKEN: bao.rootToken, KEYPLANE_OPENBAO_MOUNT: 'nowhere' }
    expect(await answerOf('allowed/db', nowhere)).toEqual(['incomplete', 'source_misconfigured'])
  })

  it('of two 403s: a policy’s, and a dead token’s', async () => {
    expect(await answerOf('denied/db')).toEqual(['incomplete', 'access_denied'])
    const dead = await start({ db: 'allowed/db' }, { KEYPLANE_OPENBAO_TOKEN: 's.none' })
    expect((await dead.read()).errors).toEqual([{ secret: 'db', code: 'unauthenticated' }])
  })

  it('of a quota: rate_limited', async () => {
    await bao.done('POST', 'sys/mounts/slow', { type: 'kv', options: { version: '2' } })
    await bao.done('POST', 'sys/quotas/rate-limit/slow', { path: 'slow', rate: 1, interval: '30s' })
    const { roleId, secretId } = await appRole(bao, 'slow')
    const slow = { ...loginVariables({ roleId, secretId }), KEYPLANE_OPENBAO_MOUNT: 'slow' }
    const service = await start({ a: 'allowed/a', b: 'allowed/b', c: 'allowed/c' }, slow)
    const codes = (await service.read()).errors.map(({ code }) => code)
    expect(codes).toContain('rate_limited')
  })

  it('of a server that hangs: timeout, within two seconds and a bit', async () => {
    const service = await start({ db: 'allowed/db' }, loginVariables(await serviceRole(bao, 'hung')))
    await service.read()
    await bao.pause()
    const startMs = performance.now()
    expect((await service.read()).errors).toEqual([{ secret: 'db', code: 'timeout' }])
    expect(performance.now() - startMs).toBeLessThan(3_000)
  })
})
