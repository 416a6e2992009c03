import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BaoCluster } from '../openbao/bao-cluster.ts'
import { appRole, policy } from '../openbao/bao-roles.ts'
import { type BaoServer, untilTrue } from '../openbao/bao-server.ts'
import { RedisServer } from './redis-server.ts'
import { ServiceProcess } from './service-process.ts'
import { WebhookReceiver } from './webhook-receiver.ts'

/**
 * How a secret lay in the cache when its source failed, and what the rule was: an environment each. What lies in Redis alone
 * was put there by another process.
 */
const cached = {
  fresh: { ttl: '1h', maxStale: '1h' },
  expired: { ttl: '1s', maxStale: '1h' },
  'expired, never stale': { ttl: '1s', maxStale: 0 },
  'fresh in Redis alone': { cache: 'redis', ttl: '1h', maxStale: '1h' },
  'expired in Redis alone': { cache: 'redis', ttl: '1s', maxStale: '1h' },
  cold: { ttl: '1h', maxStale: '1h' },
  'cold, with a fallback': { ttl: '1h', maxStale: '1h', fallback: [{ env: 'fallback.env' }] },
} as const
type Cached = keyof typeof cached
const states = Object.keys(cached) as Cached[]
const isCold = (state: Cached): boolean => state.startsWith('cold')
const isInRedis = (state: Cached): boolean => state.includes('Redis')

interface Fault {
  readonly what: string
  readonly begin: () => Promise<unknown>
  readonly end: () => Promise<unknown>
  /** What an answer is without anything that covers the fault. */
  readonly code: string
  /** Whether a value that is no longer fresh may cover it. */
  readonly covered: boolean
  /** The decision of the record of a secret that was not given. */
  readonly decision: 'deny' | 'error'
  readonly alert: string
}

const cluster = new BaoCluster(1)
const redis = new RedisServer()
const webhook = new WebhookReceiver()
let bao: BaoServer
let variables: Readonly<Record<string, string>>

const secretPath = 'secret/data/allowed/key'
const write = (): Promise<unknown> => bao.done('POST', secretPath, { data: { value: 'canary-of-the-matrix' } })
const outage = { covered: true, decision: 'error', alert: 'outage' } as const

const faults: readonly Fault[] = [
  { ...outage, what: 'is stopped', code: 'unavailable', begin: () => bao.kill(), end: () => cluster.restart(bao) },
  { ...outage, what: 'hangs', code: 'timeout', begin: () => bao.pause(), end: async () => bao.resume() },
  {
    ...outage,
    what: 'is sealed',
    code: 'unavailable',
    begin: () => bao.done('PUT', 'sys/seal'),
    end: async () => {
      await bao.kill()
      await cluster.restart(bao)
    },
  },
  {
    ...outage,
    what: 'limits the rate',
    code: 'rate_limited',
    begin: async () => {
      await bao.done('POST', 'sys/quotas/rate-limit/few', { rate: 0.001, path: 'secret/' })
      // One is let through.
      await untilTrue('it limits', async () => (await bao.call('GET', secretPath)).status === 429)
    },
    end: () => bao.done('DELETE', 'sys/quotas/rate-limit/few'),
  },
  {
    what: 'refuses',
    code: 'access_denied',
    covered: false,
    decision: 'deny',
    alert: 'refusal',
    begin: () => bao.done('PUT', 'sys/policies/acl/keyplane', { policy: 'path "secret/none" { capabilities = [] }' }),
    end: () => bao.done('PUT', 'sys/policies/acl/keyplane', { policy }),
  },
  {
    what: 'has it deleted',
    code: 'missing',
    covered: false,
    decision: 'error',
    alert: 'absence',
    begin: () => bao.done('DELETE', secretPath),
    end: write,
  },
  {
    ...outage,
    what: 'has no such mount',
    code: 'source_misconfigured',
    begin: () => bao.done('DELETE', 'sys/mounts/secret'),
    end: async () => {
      await bao.done('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } })
      // The engine makes itself ready, behind.
      await untilTrue('it takes secrets', () => write().then(() => true))
    },
  },
]

/** What a caller is given, and what the record says of it. */
const wanted = (state: Cached, { code, covered, decision }: Fault): readonly [string, string] => {
  if (state.startsWith('fresh')) return ['ok openbao', 'allow false']
  if ((state === 'expired' || state === 'expired in Redis alone') && covered)
    return ['degraded openbao stale', 'allow true']
  // A fallback undoes no refusal.
  if (state === 'cold, with a fallback' && decision !== 'deny') return ['degraded env', 'allow false']
  return [`incomplete ${code}`, `${decision} ${code === 'missing' ? 'secret_not_found' : code}`]
}

beforeAll(async () => {
  await Promise.all([cluster.start(), redis.start(), webhook.start()])
  bao = cluster.nodes[0] as BaoServer
  const { roleId, secretId } = await appRole(bao, 'service')
  variables = {
    KEYPLANE_OPENBAO_ADDR: bao.endpoint,
    KEYPLANE_OPENBAO_ROLE_ID: roleId,
    KEYPLANE_OPENBAO_SECRET_ID: secretId,
  }
  await write()
}, 60_000)
afterAll(async () => {
  await Promise.all([cluster.remove(), redis.remove(), webhook.stop()])
})

const nameOf = (state: Cached): string => state.toLowerCase().replaceAll(/[, ]+/g, '-')

describe.each(faults)('where OpenBao $what', (fault) => {
  const cacheKey = randomBytes(32)
  let services: readonly ServiceProcess[] = []
  const given = new Map<Cached, readonly [string, string]>()

  const started = (): Promise<ServiceProcess> => {
    const environments = Object.fromEntries(
      Object.entries(cached).map(([state, rule]) => [
        nameOf(state as Cached),
        { source: 'openbao', variables, warm: false, pollInterval: 0, ...rule },
      ]),
    )
    const service = new ServiceProcess({
      files: { 'fallback.env': 'ALLOWED_KEY=of the fallback' },
      config: {
        environments,
        tools: { payments: { secrets: { apiKey: 'allowed/key' } } },
        redis: { url: redis.url },
        cacheKey: { file: 'cache.key' },
        alerts: { webhook: { url: webhook.url } },
      },
    })
    service.putFile('cache.key', cacheKey)
    return service.start()
  }

  beforeAll(async () => {
    webhook.alerts.length = 0
    await redis.own.flushall()
    const [service, other] = [await started(), await started()]
    services = [service, other]
    for (const state of states.filter((each) => !isCold(each))) {
      const { body } = await (isInRedis(state) ? other : service).configuration('payments', nameOf(state))
      expect(body.status).toBe('ok')
    }
    const kept = async (): Promise<boolean> => (await redis.own.keys('keyplane:record:*')).length === 2
    await untilTrue('Redis has what the other process read', kept)
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    await fault.begin()
    for (const state of states) {
      const { status, body } = await service.configuration('payments', nameOf(state))
      expect(status).toBe(200)
      const { secrets, missing, errors } = body
      const { source, stale } = secrets['apiKey'] ?? {}
      const why = [...missing.map(() => 'missing'), ...errors.map(({ code }) => code)]
      const answer = [body.status, ...(source ? [source] : []), ...(stale ? ['stale'] : []), ...why].join(' ')
      const { decision, detail } =
        service.records().findLast(({ resource }) => resource === `${nameOf(state)}/payments/apiKey`) ?? {}
      given.set(state, [answer, `${decision} ${detail?.['error'] ?? detail?.['stale']}`])
    }
  }, 60_000)

  afterAll(async () => {
    await fault.end()
    await Promise.all(services.map((service) => service.remove()))
  }, 30_000)

  it.each(states)('and the secret is %s, the answer and its record say what is true', (state) => {
    expect(given.get(state)).toEqual(wanted(state, fault))
  })

  it('each environment that is touched tells it once, as what it is and as grave as it is', async () => {
    const graveness = (state: Cached): string =>
      wanted(state, fault)[0].startsWith('degraded') ? 'degraded' : 'critical'
    // What is covered is told as one, whatever it covers.
    const told = (state: Cached): string[] => {
      const kindWanted = graveness(state) === 'degraded' ? 'outage' : fault.alert
      return webhook.alerts
        .filter(({ environment, kind }) => environment === nameOf(state) && kind === kindWanted)
        .map(({ severity }) => severity)
    }
    const touched = ['expired', 'expired, never stale', 'cold', 'cold, with a fallback'] as const
    for (const state of touched) await expect.poll(() => told(state), { timeout: 10_000 }).toContain(graveness(state))
    for (const state of touched) {
      // Each once, and nothing graver than it is.
      expect(new Set(told(state)).size).toBe(told(state).length)
      expect(told(state).at(-1)).toBe(graveness(state))
      const recorded = services[0]
        ?.records()
        .some(({ action, resource }) => action === `alert:${graveness(state)}` && resource === nameOf(state))
      expect(recorded).toBe(true)
    }
  })
})
