import { openSecrets, type SecretsError } from '@keyplane/secrets'
import { serviceProvider } from '@keyplane/secrets/providers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BaoCluster } from '../../openbao/bao-cluster.ts'
import type { BaoServer } from '../../openbao/bao-server.ts'
import { appRole } from '../../openbao/bao-roles.ts'
import { CountingFront } from '../counting-front.ts'
import { ServiceProcess } from '../service-process.ts'
import { WebhookReceiver } from '../webhook-receiver.ts'

const cluster = new BaoCluster(1)
let bao: BaoServer
const alerts = { stale: new WebhookReceiver(), fallback: new WebhookReceiver(), none: new WebhookReceiver() }
/** One environment may give what it has kept, one has a fallback, one has neither. */
let keeping: ServiceProcess
let covered: ServiceProcess
let bare: ServiceProcess
/** Between OpenBao and the last of them. */
const front = new CountingFront(() => bao.endpoint)

beforeAll(async () => {
  await Promise.all([cluster.start(), front.start(), ...Object.values(alerts).map((receiver) => receiver.start())])
  bao = cluster.nodes[0] as BaoServer
  await bao.done('POST', 'secret/data/allowed/api-key', { data: { value: 'of OpenBao' } })
  const { roleId, secretId } = await appRole(bao, 'service')
  const environment = {
    source: 'openbao',
    variables: {
      KEYPLANE_OPENBAO_ADDR: bao.endpoint,
      KEYPLANE_OPENBAO_ROLE_ID: roleId,
      KEYPLANE_OPENBAO_SECRET_ID: secretId,
    },
    cache: 'local',
    ttl: '1s',
  }
  const tools = { payments: { settings: { timeoutMs: 3_000 }, secrets: { apiKey: 'allowed/api-key' } } }
  const started = (webhook: WebhookReceiver, more: object): Promise<ServiceProcess> =>
    new ServiceProcess({
      config: {
        environments: { production: { ...environment, ...more } },
        tools,
        alerts: { webhook: { url: webhook.url } },
      },
      files: { '.env.fallback': 'ALLOWED_API_KEY=of the fallback\n' },
    }).start()
  keeping = await started(alerts.stale, { maxStale: '1h', fallback: [{ env: '.env.fallback' }] })
  covered = await started(alerts.fallback, { fallback: [{ env: '.env.fallback' }] })
  const variables = { ...environment.variables, KEYPLANE_OPENBAO_ADDR: front.url }
  bare = await started(alerts.none, { fallback: 'none', variables })
}, 120_000)

afterAll(async () => {
  await Promise.all([keeping?.remove(), covered?.remove(), bare?.remove()])
  await Promise.all([cluster.remove(), front.stop(), ...Object.values(alerts).map((receiver) => receiver.stop())])
})

const read = (service: ServiceProcess) => service.configuration('payments', 'production')
const expired = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1_100))

/** The application: it reads by the library, and has a default for a secret that it can do without. */
const applicationReads = async (service: ServiceProcess): Promise<readonly [string, string]> => {
  const provider = serviceProvider({ endpoint: service.url, environment: 'production', token: service.key })
  const secrets = openSecrets({ providers: [provider], environment: false, strict: false, env: {} })
  try {
    const optional = await secrets.getSecret('payments/apiKey', 'the default')
    const required = await secrets.read({ id: 'payments/apiKey' }, { required: true }).then(
      () => 'given',
      (thrown: unknown) => (thrown as SecretsError).code,
    )
    return [optional, required]
  } finally {
    await secrets.close()
  }
}

describe('the flow of errors and fallbacks', () => {
  it('gives the secrets of OpenBao while that answers', async () => {
    for (const service of [keeping, covered, bare]) {
      const { body } = await read(service)
      expect(body.status).toBe('ok')
      expect(body.secrets['apiKey']).toMatchObject({ value: 'of OpenBao', source: 'openbao', stale: false })
    }
    expect(await applicationReads(bare)).toEqual(['of OpenBao', 'given'])
  })

  it('asks OpenBao again, then gives what is kept while that is young enough, and how old it is', async () => {
    await bao.kill()
    await expired()
    let lastMs = 1_000
    for (let ask = 0; ask < 3; ask += 1) {
      const { status, body } = await read(keeping)
      expect(status).toBe(200)
      expect(body).toMatchObject({ status: 'degraded', missing: [], errors: [] })
      const { ageMs, ...given } = body.secrets['apiKey'] ?? expect.unreachable()
      expect(given).toMatchObject({ value: 'of OpenBao', source: 'openbao', stale: true })
      expect(ageMs).toBeGreaterThanOrEqual(lastMs)
      lastMs = ageMs
    }
    expect(await applicationReads(keeping)).toEqual(['of OpenBao', 'given'])
  })

  it('asks its fallback where nothing is kept for that, and tells once that the service is degraded', async () => {
    for (let ask = 0; ask < 3; ask += 1) {
      const { status, body } = await read(covered)
      expect(status).toBe(200)
      expect(body.status).toBe('degraded')
      expect(body.secrets['apiKey']).toMatchObject({ value: 'of the fallback', source: 'env', stale: false })
    }
    for (const receiver of [alerts.stale, alerts.fallback])
      await expect.poll(() => receiver.told, { timeout: 5_000 }).toEqual(['outage degraded'])
  })

  it('gives the configuration without its secrets where there is no fallback, and tells once that this is critical', async () => {
    for (let ask = 0; ask < 3; ask += 1) {
      front.asked.length = 0
      const { status, body } = await read(bare)
      const attempts = front.asked.filter((path) => path.endsWith('/api-key')).length
      // Again, twice at most; then it is known to be away, and is asked now and then, behind whoever reads.
      if (ask === 0) expect(attempts).toBeGreaterThan(1)
      expect(attempts).toBeLessThan(ask === 0 ? 4 : 2)
      expect(status).toBe(200)
      expect(body).toMatchObject({ status: 'incomplete', settings: { timeoutMs: 3_000 }, secrets: {}, missing: [] })
      expect(body.errors).toEqual([{ secret: 'apiKey', code: 'unavailable' }])
    }
    await expect.poll(() => alerts.none.told.at(-1), { timeout: 5_000 }).toBe('outage critical')
    expect(alerts.none.told.filter((told) => told === 'outage critical')).toHaveLength(1)
  })

  it('lets the application go on by its own default, and tells it from a secret that is not there', async () => {
    expect(await applicationReads(bare)).toEqual(['the default', 'unavailable'])
  })

  it('records what was given instead, and what could not be given', () => {
    const last = (service: ServiceProcess) => service.records().findLast(({ resource }) => resource.endsWith('apiKey'))
    expect(last(keeping)).toMatchObject({ decision: 'allow', detail: { source: 'openbao', stale: 'true' } })
    expect(last(covered)).toMatchObject({ decision: 'allow', detail: { source: 'env' } })
    expect(last(bare)).toMatchObject({ decision: 'error', detail: { error: 'unavailable' } })
  })

  it('goes back to OpenBao by itself, gives what was written meanwhile, and tells that once', async () => {
    await cluster.restart(bao)
    await bao.done('POST', 'secret/data/allowed/api-key', { data: { value: 'the second of OpenBao' } })
    const value = async (service: ServiceProcess) => (await read(service)).body.secrets['apiKey']?.value
    for (const service of [keeping, covered, bare])
      await expect.poll(() => value(service), { timeout: 30_000, interval: 200 }).toBe('the second of OpenBao')
    const recovered = { timeout: 75_000, interval: 250 }
    for (const receiver of [alerts.stale, alerts.fallback])
      await expect.poll(() => receiver.told, recovered).toEqual(['outage degraded', 'outage recovered'])
    await expect.poll(() => alerts.none.told.at(-1), recovered).toBe('outage recovered')
    expect(alerts.none.told.filter((told) => told === 'outage recovered')).toHaveLength(1)
  }, 150_000)
})
