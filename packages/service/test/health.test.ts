import { systemClock, systemRandom } from '@keyplane/core'
import { afterEach, describe, expect, it } from 'vitest'
import { newApiKey, parseServiceConfig, type RunningService, startService } from '../src/index.ts'
import { RemoteSource } from './remote-source.ts'

const keys = { shop: newApiKey(systemRandom), ops: newApiKey(systemRandom), nobody: newApiKey(systemRandom) }

const opened: RunningService[] = []
afterEach(async () => {
  for (const service of opened.splice(0)) await service.close()
})

/** Two tools, of which `shop` may know one, and `ops` all. */
const start = async (source: RemoteSource, environment: object = {}): Promise<RunningService> => {
  const rule = (tools: readonly string[]) => ({ actions: ['health:read'], environments: ['*'], tools })
  const config = {
    listen: { port: 0 },
    environments: { production: { source: 'openbao', cache: 'local', ...environment } },
    tools: { payments: { secrets: { key: 'key', gone: 'gone' } }, mail: { secrets: { password: 'none' } } },
    clients: Object.fromEntries(
      Object.entries(keys).map(([name, { hash }]) => [name, { keys: [hash], roles: [name] }]),
    ),
    roles: {
      shop: { allow: [rule(['payments'])] },
      ops: { allow: [rule(['*'])] },
      nobody: { allow: [{ actions: ['configuration:read'], environments: ['*'], tools: ['*'] }] },
    },
  }
  const service = await startService({
    config: parseServiceConfig({ path: 'service.yaml', text: JSON.stringify(config) }),
    env: {},
    clock: systemClock,
    random: systemRandom,
    log: { warn: () => {}, error: () => {} },
    audit: { append: async () => {} },
    open: async () => source,
  })
  opened.push(service)
  return service
}

const health = (service: RunningService, who: keyof typeof keys, environment = 'production'): Promise<Response> =>
  fetch(`${service.url}/v1/environments/${environment}/health`, {
    headers: { authorization: `Bearer ${keys[who].key}` },
  })

describe('the health of an environment', () => {
  it('says what is wrong with which secrets, of the tools that the caller may know', async () => {
    const service = await start(new RemoteSource('openbao', { key: 'value' }))
    await service.warmed
    await expect
      .poll(async () => (await (await health(service, 'ops')).json()) as object)
      .toMatchObject({
        environment: 'production',
        state: 'critical',
        since: expect.stringMatching(/^\d{4}-/),
        sources: [{ name: 'openbao', role: 'own', state: 'answers', healthy: true }],
        missing: ['payments.gone', 'mail.password'],
        refused: [],
        failed: [],
        stale: [],
        fallback: [],
      })
    expect(await (await health(service, 'shop')).json()).toMatchObject({ missing: ['payments.gone'] })
  })

  it('is for who may read it, and says to others nothing of what there is', async () => {
    const service = await start(new RemoteSource('openbao', {}))
    for (const environment of ['production', 'nowhere']) {
      const answer = await health(service, 'nobody', environment)
      expect(answer.status).toBe(403)
      expect(await answer.json()).toMatchObject({
        code: 'access_denied',
        detail: `You may not read the health of "${environment}".`,
      })
    }
    expect((await fetch(`${service.url}/v1/environments/production/health`)).status).toBe(401)
  })
})

describe('the start of the service', () => {
  it('tells where each secret came from, though a source is away', async () => {
    const source = new RemoteSource('openbao', { key: 'value' })
    const service = await start(source)
    expect(await service.warmed).toEqual(
      new Map([
        [
          'production',
          [
            { name: 'payments.key', result: 'source', from: 'openbao' },
            { name: 'payments.gone', result: 'missing', from: 'openbao', code: 'secret_not_found' },
            { name: 'mail.password', result: 'missing', from: 'openbao', code: 'secret_not_found' },
          ],
        ],
      ]),
    )
    const away = new RemoteSource('openbao', { key: 'value' })
    away.fares = 'denies'
    const [first] = (await (await start(away)).warmed).get('production') ?? []
    expect(first).toMatchObject({ result: 'refused', code: 'access_denied' })
  })

  it('reads nothing ahead where that is not wanted', async () => {
    const source = new RemoteSource('openbao', { key: 'value' })
    const service = await start(source, { warm: false })
    expect(await service.warmed).toEqual(new Map([['production', []]]))
  })
})
