import { rootCertificates } from 'node:tls'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BaoCluster } from '../../openbao/bao-cluster.ts'
import { databaseEngine, dynamicRole } from '../../openbao/bao-database.ts'
import { type BaoServer, untilTrue } from '../../openbao/bao-server.ts'
import { JwtIssuer } from '../../openbao/bao-roles.ts'
import { serviceAccountClaims, TokenReviewApi } from '../../openbao/token-review.ts'
import { ScratchServer } from '../../postgres/scratch-server.ts'
import { RedisServer } from '../redis-server.ts'
import { ServiceProcess } from '../service-process.ts'
import { WebhookReceiver } from '../webhook-receiver.ts'

/** What was done, when, by the clock of the machine that all parts run on. */
interface Step {
  readonly atMs: number
  readonly what: string
}

const cluster = new BaoCluster(1)
const redis = new RedisServer()
const reviewer = new TokenReviewApi()
const webhook = new WebhookReceiver()
const redisSteps: Step[] = []
let bao: BaoServer
let postgres: ScratchServer
let service: ServiceProcess

const policy = `
path "secret/data/payments/*" { capabilities = ["read"] }
path "secret/metadata/payments/*" { capabilities = ["read"] }
path "database/creds/payments" { capabilities = ["read"] }
path "sys/leases/renew" { capabilities = ["update"] }
path "sys/leases/revoke" { capabilities = ["update"] }
`
const cachePolicy =
  'path "transit/+/keyplane-cache" { capabilities = ["update"] }\npath "transit/+/+/keyplane-cache" { capabilities = ["update"] }'

const role = async (name: string, text: string): Promise<void> => {
  await bao.done('PUT', `sys/policies/acl/${name}`, { policy: text })
  const bound = { bound_service_account_names: ['app'], bound_service_account_namespaces: ['default'] }
  await bao.done('POST', `auth/kubernetes/role/${name}`, { ...bound, token_policies: [name], token_ttl: '10m' })
}

beforeAll(async () => {
  await Promise.all([cluster.start(), redis.start(), webhook.start()])
  postgres = await ScratchServer.start()
  bao = cluster.nodes[0] as BaoServer
  const issuer = new JwtIssuer()
  await bao.done('POST', 'sys/auth/kubernetes', { type: 'kubernetes' })
  await bao.done('POST', 'auth/kubernetes/config', {
    kubernetes_host: await reviewer.start(),
    kubernetes_ca_cert: rootCertificates[0],
    disable_local_ca_jwt: true,
    pem_keys: [issuer.publicPem],
  })
  await bao.done('POST', 'sys/mounts/transit', { type: 'transit' })
  await bao.done('POST', 'transit/keys/keyplane-cache', {})
  await databaseEngine(bao, postgres)
  await dynamicRole(bao, 'payments')
  await role('production', policy)
  await role('keyplane-cache', cachePolicy)
  await bao.done('POST', 'secret/data/payments/api-key', { data: { value: 'key-of-production' } })
  await bao.done('POST', 'secret/data/forbidden/key', { data: { value: 'canary-forbidden' } })
  await bao.done('POST', 'sys/config/auditing/request-headers/X-Correlation-Id', { hmac: false })
  const jwt = { KEYPLANE_OPENBAO_ADDR: bao.endpoint, KEYPLANE_OPENBAO_JWT_FILE: 'service-account.jwt' }
  service = new ServiceProcess({
    files: { 'service-account.jwt': issuer.issue(serviceAccountClaims('app')) },
    config: {
      environments: {
        production: {
          source: 'openbao',
          variables: { ...jwt, KEYPLANE_OPENBAO_KUBERNETES_ROLE: 'production' },
          cache: 'redis',
          ttl: '5m',
          maxStale: '1h',
          warm: false,
          fallback: 'none',
        },
      },
      redis: { url: redis.url },
      cacheKey: {
        transit: { key: 'keyplane-cache', variables: { ...jwt, KEYPLANE_OPENBAO_KUBERNETES_ROLE: 'keyplane-cache' } },
      },
      alerts: { webhook: { url: webhook.url } },
      tools: {
        payments: {
          settings: { baseUrl: 'https://api.example.com' },
          secrets: { apiKey: 'payments/api-key', db: { ref: 'database/payments', kind: 'dynamic', maxStale: 0 } },
        },
        reports: { secrets: { apiKey: 'payments/api-key', forbidden: 'forbidden/key' } },
      },
    },
  })
  await redis.monitored((atMs, [name]) => redisSteps.push({ atMs, what: `Redis ${name?.toUpperCase()}` }))
  await service.start()
  // The keys are there by which values are sealed.
  await untilTrue('the keys are in Redis', async () => (await redis.own.keys('keyplane:key:*')).length === 2)
}, 120_000)

afterAll(async () => {
  await service?.remove()
  await Promise.all([cluster.remove(), redis.remove(), postgres?.stop(), reviewer.stop(), webhook.stop()])
})

/** What OpenBao was asked, by its own audit log. */
const baoSteps = (): (Step & { readonly correlationId: string | undefined; readonly id: string })[] =>
  bao.auditLog
    .split('\n')
    .filter((line) => line.includes('"type":"request"'))
    .map(
      (line) =>
        JSON.parse(line) as { time: string; request: { id: string; path: string; headers?: Record<string, string[]> } },
    )
    .map(({ time, request: { id, path, headers } }) => ({
      atMs: Date.parse(time),
      what: `OpenBao ${path}`,
      correlationId: headers?.['x-correlation-id']?.[0],
      id,
    }))

/** Those that happened since, with the wanted ones alone, each once, in the order of their first. */
const since = (startMs: number, wanted: readonly string[]): string[] => {
  const delivered = service
    .records()
    .map(({ atMs, decision, resource }) => ({ atMs, what: `record ${decision} ${resource}` }))
  const steps = [...redisSteps, ...baoSteps(), ...delivered]
    .filter(({ atMs, what }) => atMs >= startMs && wanted.includes(what))
    .toSorted((a, b) => a.atMs - b.atMs)
  return [...new Set(steps.map(({ what }) => what))]
}

describe('the production flow', () => {
  it('goes from the cache to OpenBao, by its service account, and back through the cache, with a record before the answer', async () => {
    const startMs = Date.now() - 1
    const { status, body, headers } = await service.configuration('payments', 'production', {
      'x-request-id': 'first-request',
    })
    expect(status).toBe(200)
    expect(body).toMatchObject({
      status: 'ok',
      settings: { baseUrl: 'https://api.example.com' },
      missing: [],
      errors: [],
    })
    expect(body.secrets['apiKey']).toMatchObject({ value: 'key-of-production', source: 'openbao', stale: false })
    expect(headers.get('x-request-id')).toBe('first-request')
    const [asks, reads, keeps, records] = [
      'Redis GET',
      'OpenBao secret/data/payments/api-key',
      'Redis SET',
      'record allow production/payments/apiKey',
    ]
    // What the monitor tells comes a moment after. Nobody waits for Redis to keep it.
    const arrows = [asks, 'OpenBao auth/kubernetes/login', reads, records]
    await expect.poll(() => since(startMs, arrows)).toEqual(arrows)
    await expect.poll(() => since(startMs, [reads, keeps])).toEqual([reads, keeps])
    expect(reviewer.reviewed).toBeGreaterThan(0)
  })

  it('gives credentials that OpenBao made for this request, and that the database takes', async () => {
    const { body } = await service.configuration('payments', 'production')
    const { username, password } = JSON.parse(body.secrets['db']?.value ?? '{}') as {
      username: string
      password: string
    }
    const client = new Client({
      host: '127.0.0.1',
      port: postgres.port,
      database: 'postgres',
      user: username,
      password,
    })
    await client.connect()
    await client.end()
    expect(Date.parse(body.secrets['db']?.expiresAt ?? '')).toBeGreaterThan(Date.now() + 60_000)
  })

  it('keeps what it read in Redis for the time that it may be given, and nothing in clear', async () => {
    const names = await redis.own.keys('*')
    const lives = await Promise.all(names.map((name) => redis.own.pttl(name)))
    expect(lives.some((life) => life > 60_000)).toBe(true)
    await redis.own.bgrewriteaof()
    expect(redis.written()).not.toContain('key-of-production')
    expect(names.join()).not.toContain('payments')
  })

  it('answers from the cache afterwards: OpenBao is not asked, and the record is made all the same', async () => {
    const [asked, records] = [
      baoSteps().filter(({ what }) => what.includes('payments')).length,
      service.records().length,
    ]
    const { body } = await service.configuration('payments', 'production', { 'x-request-id': 'second-request' })
    expect(body.status).toBe('ok')
    expect(baoSteps().filter(({ what }) => what.includes('payments'))).toHaveLength(asked)
    const made = service
      .records()
      .slice(records)
      .filter(({ requestId }) => requestId === 'second-request')
    expect(made.map(({ resource }) => resource)).toEqual(['production/payments/apiKey', 'production/payments/db'])
  })

  it('joins each delivery to the one line of OpenBao’s log that fetched it', () => {
    const delivered = service.records().filter(({ resource }) => resource === 'production/payments/apiKey')
    const ids = new Set(delivered.map(({ detail }) => detail?.['openbao.requestId']))
    expect(ids.size).toBe(1)
    const lines = baoSteps().filter(({ id }) => ids.has(id))
    expect(lines).toMatchObject([{ what: 'OpenBao secret/data/payments/api-key', correlationId: 'first-request' }])
  })

  it('serves from Redis after a restart, without asking OpenBao for the secret again', async () => {
    const reads = baoSteps().filter(({ what }) => what === 'OpenBao secret/data/payments/api-key').length
    await service.stop()
    await service.start()
    const { body } = await service.configuration('reports', 'production')
    expect(body.secrets['apiKey']).toMatchObject({ value: 'key-of-production', source: 'openbao', stale: false })
    expect(baoSteps().filter(({ what }) => what === 'OpenBao secret/data/payments/api-key')).toHaveLength(reads)
  })

  it('gives the configuration with an error where OpenBao refuses, records it as unauthorised, and tells it once', async () => {
    for (let ask = 0; ask < 3; ask += 1) {
      const { status, body } = await service.configuration('reports', 'production')
      expect(status).toBe(200)
      expect(body.status).toBe('incomplete')
      expect(body.errors).toEqual([{ secret: 'forbidden', code: 'access_denied' }])
      expect(JSON.stringify(body)).not.toContain('canary-forbidden')
    }
    const refused = service.records().filter(({ resource }) => resource === 'production/reports/forbidden')
    expect(refused.length).toBeGreaterThanOrEqual(3)
    expect(new Set(refused.map(({ decision }) => decision))).toEqual(new Set(['deny']))
    await expect.poll(() => webhook.told, { timeout: 5_000 }).toEqual(['refusal critical'])
  })

  it('is watched all the time: how OpenBao stands, and what was read', async () => {
    const { body } = await service.ask('/v1/environments/production/health')
    // By its own word: without one it is `unknown`.
    expect(body).toMatchObject({ sources: [{ name: 'openbao', role: 'own', state: 'active', healthy: true }] })
    const metrics = await (await fetch(`${service.url}/metrics`)).text()
    expect(metrics).toMatch(/keyplane_service_reads_total\{environment="production",result="cached"\} [1-9]/)
    expect(metrics).toMatch(/keyplane_service_reads_total\{environment="production",result="refused"\} [3-9]/)
  })
})
