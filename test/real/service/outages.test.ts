import { writeFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { appRole } from '../openbao/bao-roles.ts'
import { BaoCluster } from '../openbao/bao-cluster.ts'
import { BaoServer } from '../openbao/bao-server.ts'
import { WatchedService } from './watched-service.ts'

/** A look at the sources comes every ten seconds, and an end is told after thirty of calm. */
const aLook = { timeout: 25_000, interval: 100 }
const untilOver = { timeout: 75_000, interval: 200 }

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
})

const watched = async (...given: Parameters<WatchedService['start']>): Promise<WatchedService> => {
  const service = new WatchedService()
  opened.push(service)
  return service.start(...given)
}

/** An environment of this server, by an AppRole of its own. */
const environmentOf = async (server: BaoServer, more: object = {}): Promise<object> => {
  const { roleId, secretId } = await appRole(server, 'service')
  const variables = {
    KEYPLANE_OPENBAO_ADDR: server.endpoint,
    KEYPLANE_OPENBAO_ROLE_ID: roleId,
    KEYPLANE_OPENBAO_SECRET_ID: secretId,
  }
  return { source: 'openbao', variables, ...more }
}

const started = async (): Promise<BaoServer> => {
  const server = await new BaoServer().startDev()
  await server.done('POST', 'secret/data/allowed/key', { data: { value: 'the value' } })
  await server.done('POST', 'secret/data/denied/key', { data: { value: 'not for you' } })
  return server
}

describe('OpenBao that answers, but not with the secret', () => {
  let server: BaoServer
  beforeAll(async () => {
    server = await started()
  })
  afterAll(() => server.remove())

  it('by a policy: the secret is refused, whatever a fallback has, and that is told once', async () => {
    const spare = server.folder.at('.env')
    writeFileSync(spare, 'DENIED_KEY=from the fallback\nALLOWED_KEY=spare\n')
    const environment = await environmentOf(server, { fallback: [{ env: spare }] })
    const service = await watched(environment, { key: 'allowed/key', other: 'denied/key' })
    for (const fresh of [false, true, true]) {
      const { configuration } = await service.read({ fresh })
      expect(configuration).toMatchObject({
        status: 'incomplete',
        errors: [{ secret: 'other', code: 'access_denied' }],
      })
      expect(configuration.secrets.get('key')).toMatchObject({ source: 'openbao' })
    }
    expect(service.reads.slice(0, 2)).toMatchObject([
      { resource: 'production/payments/key', decision: 'allow' },
      { resource: 'production/payments/other', decision: 'deny', detail: { error: 'access_denied' } },
    ])
    await expect.poll(() => service.told).toEqual(['critical refusal'])
    expect(service.alerts[0]).toMatchObject({ what: 'payments.other', source: 'openbao', reason: 'policy' })
    await new Promise((resolve) => setTimeout(resolve, 11_000))
    expect(service.told).toEqual(['critical refusal'])
    expect(service.records.filter(({ action }) => action === 'alert:critical')).toHaveLength(1)
  })

  it('as it was deleted: it is missing, that is told once, and so is that it is back', async () => {
    await server.done('POST', 'secret/data/allowed/gone', { data: { value: 'short-lived' } })
    const service = await watched(await environmentOf(server), { key: 'allowed/gone' })
    expect((await service.read()).configuration.status).toBe('ok')
    await server.done('DELETE', 'secret/data/allowed/gone')
    for (const fresh of [true, true, false]) {
      const { configuration } = await service.read({ fresh })
      expect(configuration).toMatchObject({ status: 'incomplete', missing: ['key'], errors: [] })
    }
    expect(service.reads.at(-1)).toMatchObject({ decision: 'error', detail: { error: 'secret_not_found' } })
    await expect.poll(() => service.told).toEqual(['critical absence'])
    expect(service.alerts[0]).toMatchObject({ what: 'payments.key', reason: 'deleted' })
    await server.done('POST', 'secret/undelete/allowed/gone', { versions: [1] })
    await expect.poll(async () => (await service.read({ fresh: true })).configuration.status).toBe('ok')
    await expect.poll(() => service.told, untilOver).toEqual(['critical absence', 'recovered absence'])
  }, 120_000)

  it('as there is no such mount: a mistake in the set-up is no absence, and is told once', async () => {
    const variables = {
      KEYPLANE_OPENBAO_ADDR: server.endpoint,
      KEYPLANE_OPENBAO_TOKEN: server.rootToken,
      KEYPLANE_OPENBAO_MOUNT: 'nowhere',
    }
    const service = await watched({ source: 'openbao', variables }, { key: 'allowed/key' })
    const { configuration } = await service.read({ fresh: true })
    expect(configuration).toMatchObject({
      status: 'incomplete',
      missing: [],
      errors: [{ secret: 'key', code: 'source_misconfigured' }],
    })
    expect(service.reads[0]).toMatchObject({ decision: 'error', detail: { error: 'source_misconfigured' } })
    await expect.poll(() => service.told).toEqual(['critical outage'])
    expect(service.alerts[0]).toMatchObject({ what: 'payments.key', reason: 'no_mount' })
  })
})

describe('OpenBao that does not answer', () => {
  let server: BaoServer
  beforeAll(async () => {
    server = await started()
  })
  afterAll(() => server.remove())

  it('for being stopped is covered by what is cached, told as hung, and over when it goes on', async () => {
    const service = await watched(await environmentOf(server, { ttl: '1s', maxStale: '1h' }), { key: 'allowed/key' })
    await server.pause()
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    const first = await service.read()
    const next: number[] = []
    for (let times = 0; times < 20; times += 1) next.push((await service.read()).tookMs)
    expect(first.configuration).toMatchObject({ status: 'degraded', errors: [] })
    expect(first.configuration.secrets.get('key')).toMatchObject({ stale: true, source: 'openbao' })
    expect(service.reads[0]).toMatchObject({ decision: 'allow', detail: { stale: 'true' } })
    const median = next.toSorted((a, b) => a - b)[10] ?? 0
    process.stdout.write(`hung: first ${first.tookMs.toFixed(0)} ms, next ${median.toFixed(1)} ms (median of 20)\n`)
    expect(first.tookMs).toBeLessThan(2_500)
    expect(median).toBeLessThan(100)
    await expect.poll(async () => (await service.health()).sources[0]?.state, aLook).toBe('hung')
    await expect.poll(() => service.told).toEqual(['degraded outage'])
    server.resume()
    await expect.poll(() => service.told, untilOver).toEqual(['degraded outage', 'recovered outage'])
    expect(await service.health()).toMatchObject({ state: 'normal', sources: [{ state: 'active' }] })
    expect((await service.read()).configuration.status).toBe('ok')
  }, 150_000)

  it('for being stopped is answered by a fallback in time, at once from then on', async () => {
    const spare = server.folder.at('.env')
    writeFileSync(spare, 'ALLOWED_KEY=spare\n')
    const environment = await environmentOf(server, { cache: 'none', fallback: [{ env: spare }] })
    const service = await watched(environment, { key: 'allowed/key' })
    await server.pause()
    const first = await service.read()
    const next: number[] = []
    for (let times = 0; times < 20; times += 1) next.push((await service.read()).tookMs)
    server.resume()
    const median = next.toSorted((a, b) => a - b)[10] ?? 0
    process.stdout.write(`fallback: first ${first.tookMs.toFixed(0)} ms, next ${median.toFixed(1)} ms (median of 20)\n`)
    expect(first.configuration.status).toBe('degraded')
    expect(first.configuration.secrets.get('key')).toMatchObject({ source: 'env', stale: false })
    expect(first.tookMs).toBeLessThan(2_500)
    expect(median).toBeLessThan(100)
    await expect.poll(() => service.told).toEqual(['degraded outage'])
    expect(service.alerts[0]).toMatchObject({ what: 'payments.key' })
  })

  it('for being sealed leaves nothing where nothing may be old, and says so', async () => {
    const service = await watched(await environmentOf(server, { cache: 'none' }), { key: 'allowed/key' })
    await server.done('PUT', 'sys/seal')
    const { configuration } = await service.read()
    expect(configuration).toMatchObject({ status: 'incomplete', errors: [{ secret: 'key', code: 'unavailable' }] })
    expect(service.reads[0]).toMatchObject({ decision: 'error', detail: { error: 'unavailable' } })
    await expect.poll(async () => (await service.health()).sources[0]?.state, aLook).toBe('sealed')
    expect(service.told.filter((told) => told === 'critical outage')).toHaveLength(1)
    expect(service.told.length).toBeLessThanOrEqual(2)
    expect((await service.health()).state).toBe('critical')
  })

  it('for being gone is unreachable, and a start does not fail for it', async () => {
    await server.kill()
    const variables = {
      KEYPLANE_OPENBAO_ADDR: server.endpoint,
      KEYPLANE_OPENBAO_ROLE_ID: 'r',
      KEYPLANE_OPENBAO_SECRET_ID: 's',
    }
    const service = await watched({ source: 'openbao', variables }, { key: 'allowed/key' })
    const { configuration } = await service.read()
    expect(configuration).toMatchObject({ status: 'incomplete', errors: [{ secret: 'key', code: 'unavailable' }] })
    await expect.poll(async () => (await service.health()).sources[0]?.state, aLook).toBe('unreachable')
    expect(service.told).toEqual(['critical outage'])
    expect(JSON.stringify([service.alerts, service.records, service.lines])).not.toContain('the value')
  })
})

describe('a cluster of OpenBao', () => {
  const cluster = new BaoCluster()
  beforeAll(() => cluster.start(), 120_000)
  afterAll(() => cluster.remove())

  it('without a quorum goes on reading from the standby that is left, and is told of as degraded', async () => {
    const [leader, second, last] = cluster.nodes
    if (!leader || !second || !last) return expect.unreachable()
    await leader.done('POST', 'secret/data/key', { data: { value: 'of the cluster' } })
    // A standby has it a moment later.
    await expect.poll(async () => (await last.call('GET', 'secret/data/key')).status).toBe(200)
    const variables = {
      KEYPLANE_OPENBAO_ADDR: cluster.endpoints.join(','),
      KEYPLANE_OPENBAO_TOKEN: cluster.rootToken,
    }
    const service = await watched({ source: 'openbao', variables, cache: 'none' }, { key: 'key' })
    await expect.poll(async () => (await service.health()).sources[0]?.state, aLook).toBe('active')
    await leader.kill()
    await second.kill()
    const { configuration } = await service.read()
    expect(configuration.status).toBe('ok')
    await expect.poll(async () => (await service.health()).sources[0]?.state, aLook).toBe('no_leader')
    await expect.poll(() => service.told).toEqual(['degraded outage'])
    expect(service.alerts[0]).toMatchObject({ reason: 'no_leader', what: 'the source openbao' })
  }, 120_000)
})
