import { openSecrets, type SecretsError } from '@keyplane/secrets'
import { serviceProvider } from '@keyplane/secrets/providers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BaoCluster } from '../../openbao/bao-cluster.ts'
import type { BaoServer } from '../../openbao/bao-server.ts'
import { appRole } from '../../openbao/bao-roles.ts'
import { ServiceProcess } from '../service-process.ts'
import { WebhookReceiver } from '../webhook-receiver.ts'

const cluster = new BaoCluster(1)
let bao: BaoServer
const alerts = { fallback: new WebhookReceiver(), none: new WebhookReceiver() }
/** One environment has a fallback, the other has none. */
let covered: ServiceProcess
let bare: ServiceProcess

beforeAll(async () => {
  await Promise.all([cluster.start(), alerts.fallback.start(), alerts.none.start()])
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
  const started = (webhook: WebhookReceiver, fallback: unknown): Promise<ServiceProcess> =>
    new ServiceProcess({
      config: {
        environments: { production: { ...environment, fallback } },
        tools,
        alerts: { webhook: { url: webhook.url } },
      },
      files: { '.env.fallback': 'ALLOWED_API_KEY=of the fallback\n' },
    }).start()
  covered = await started(alerts.fallback, [{ env: '.env.fallback' }])
  bare = await started(alerts.none, 'none')
}, 60_000)

afterAll(async () => {
  await Promise.all([covered?.remove(), bare?.remove()])
  await Promise.all([cluster.remove(), alerts.fallback.stop(), alerts.none.stop()])
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
    for (const service of [covered, bare]) {
      const { body } = await read(service)
      expect(body.status).toBe('ok')
      expect(body.secrets['apiKey']).toMatchObject({ value: 'of OpenBao', source: 'openbao', stale: false })
    }
    expect(await applicationReads(bare)).toEqual(['of OpenBao', 'given'])
  })

  it('asks OpenBao again, then its fallback, and tells once that the service is degraded', async () => {
    await bao.kill()
    await expired()
    for (let ask = 0; ask < 3; ask += 1) {
      const { status, body } = await read(covered)
      expect(status).toBe(200)
      expect(body.status).toBe('degraded')
      expect(body.secrets['apiKey']).toMatchObject({ value: 'of the fallback', source: 'env', stale: false })
    }
    await expect.poll(() => alerts.fallback.told, { timeout: 5_000 }).toEqual(['outage degraded'])
  })

  it('gives the configuration without its secrets where there is no fallback, and tells once that this is critical', async () => {
    for (let ask = 0; ask < 3; ask += 1) {
      const { status, body } = await read(bare)
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
    expect(last(covered)).toMatchObject({ decision: 'allow', detail: { source: 'env' } })
    expect(last(bare)).toMatchObject({ decision: 'error', detail: { error: 'unavailable' } })
  })

  it('goes back to OpenBao by itself, gives what was written meanwhile, and tells that once', async () => {
    await cluster.restart(bao)
    await bao.done('POST', 'secret/data/allowed/api-key', { data: { value: 'the second of OpenBao' } })
    const value = async (service: ServiceProcess) => (await read(service)).body.secrets['apiKey']?.value
    for (const service of [covered, bare])
      await expect.poll(() => value(service), { timeout: 30_000, interval: 200 }).toBe('the second of OpenBao')
    const recovered = { timeout: 75_000, interval: 250 }
    await expect.poll(() => alerts.fallback.told, recovered).toEqual(['outage degraded', 'outage recovered'])
    await expect.poll(() => alerts.none.told.at(-1), recovered).toBe('outage recovered')
    expect(alerts.none.told.filter((told) => told === 'outage recovered')).toHaveLength(1)
  }, 150_000)
})
