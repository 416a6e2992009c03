import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AuditRecord, type AuditSink, systemClock, systemRandom } from '@keyplane/core'
import { parseToolConfiguration } from '@keyplane/protocol'
import { memoryProvider, serviceProvider } from '@keyplane/secrets/providers'
import { describeProvider } from '@keyplane/testkit'
import { afterEach, describe, expect, it } from 'vitest'
import { newApiKey, parseServiceConfig, type RunningService, startService } from '../src/index.ts'

const { key, hash } = newApiKey(systemRandom)
const log = { warn: () => {}, error: () => {} }

interface Started {
  readonly service: RunningService
  readonly records: readonly AuditRecord[]
  /** Set, the audit log takes nothing. */
  full: boolean
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>
}

/** Two environments, where one client may read two of the three tools of one. */
const start = async (
  values: Readonly<Record<string, string | Uint8Array>>,
  names = Object.keys(values),
  tls?: { readonly certificate: string; readonly key: string },
): Promise<Started> => {
  const secrets = Object.fromEntries(names.map((name) => [name, { ref: name }]))
  const config = {
    listen: { port: 0, ...(tls && { tls }) },
    environments: { production: { source: 'memory', cache: 'local' }, staging: { source: 'memory' } },
    tools: { payments: { settings: { timeoutMs: 3 }, secrets }, mail: {}, hidden: { secrets } },
    clients: { shop: { keys: [hash], roles: ['reader'] } },
    roles: {
      reader: {
        allow: [{ actions: ['*'], environments: ['production'], tools: ['*'] }],
        deny: [{ actions: ['*'], environments: ['*'], tools: ['hidden'] }],
      },
    },
  }
  const records: AuditRecord[] = []
  const audit: AuditSink = {
    append: async (record) => {
      if (started.full) throw new Error('no space left')
      if (!record.action.startsWith('alert:')) records.push(record)
    },
  }
  const service = await startService({
    config: parseServiceConfig({ path: 'service.yaml', text: JSON.stringify(config) }),
    env: {},
    clock: systemClock,
    random: systemRandom,
    log,
    audit,
    open: async () => memoryProvider({ secrets: values, ids: () => '7' }),
  })
  const started: Started = {
    service,
    records,
    full: false,
    get: (path, headers = { authorization: `Bearer ${key}` }) => fetch(`${service.url}${path}`, { headers }),
  }
  return started
}

describeProvider(
  'the service',
  async (seed) => {
    const values = seed.map(({ name, value }): [string, string | Uint8Array] => [name, value.reveal()])
    const { service } = await start(Object.fromEntries(values))
    return {
      provider: serviceProvider({ endpoint: service.url, environment: 'production', token: key }),
      spell: (name) => `payments/${name}`,
      deniedId: 'hidden/PLAIN',
      silence: () => service.close(),
      stop: () => service.close(),
    }
  },
  { describe, it },
  { babble: 'the service itself answers' },
)

const opened: RunningService[] = []
afterEach(async () => {
  for (const service of opened.splice(0)) await service.close()
})
const startOne = async (): Promise<Started> => {
  const started = await start({ apiKey: 'value' }, ['apiKey', 'old'])
  opened.push(started.service)
  return started
}

const ofTool = (tool: string, environment = 'production'): string =>
  `/v1/environments/${environment}/tools/${tool}/configuration`

describe('the service', () => {
  it('answers for a tool with what there is, and says what is missing', async () => {
    const { get } = await startOne()
    const answer = await get(ofTool('payments'))
    expect(answer.status).toBe(200)
    const configuration = parseToolConfiguration(await answer.text())
    expect(configuration).toMatchObject({
      tool: 'payments',
      environment: 'production',
      status: 'incomplete',
      settings: { timeoutMs: 3 },
      missing: ['old'],
    })
    expect(configuration.secrets.get('apiKey')).toMatchObject({ versionId: '7', source: 'memory', stale: false })
  })

  it('answers for an environment with the tools that the caller may see', async () => {
    const { get } = await startOne()
    const answer = await get('/v1/environments/production/configuration')
    expect(await answer.json()).toMatchObject({
      environment: 'production',
      tools: [{ tool: 'payments' }, { tool: 'mail', status: 'ok' }],
    })
    expect((await get('/v1/environments/staging/configuration')).status).toBe(403)
    expect((await get('/v1/environments/nowhere/configuration')).status).toBe(403)
  })

  it.each([
    [ofTool('hidden'), 403, 'access_denied'],
    [ofTool('payments', 'staging'), 403, 'access_denied'],
    [ofTool('payments', 'nowhere'), 403, 'access_denied'],
    [ofTool('nothing'), 404, 'secret_not_found'],
    ['/v1/nothing', 404, 'unsupported'],
    ['/v1/environments/%zz/configuration', 400, 'invalid_request'],
    [ofTool('x'.repeat(1_000)), 400, 'invalid_request'],
  ])('answers %s by %i %s', async (path, status, code) => {
    const { get } = await startOne()
    const answer = await get(path)
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    const requestId = answer.headers.get('x-request-id')
    expect(await answer.json()).toMatchObject({ type: 'about:blank', status, code, requestId })
    expect(answer.status).toBe(status)
  })

  it.each([
    {},
    { authorization: 'Bearer kps_x' },
    { authorization: `Basic ${key}` },
    { authorization: `Bearer ${key}x` },
  ])('does not take %o for a caller', async (headers) => {
    const { get } = await startOne()
    const answer = await get(ofTool('payments'), headers)
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
  })

  it('records who was given which version, who was not, and in which request', async () => {
    const { get, records } = await startOne()
    const given = await get(ofTool('payments'))
    const refused = await get(ofTool('hidden'))
    const facts = { actor: 'shop', action: 'configuration:read', requestId: given.headers.get('x-request-id') }
    expect(records).toMatchObject([
      {
        ...facts,
        resource: 'production/payments/apiKey',
        decision: 'allow',
        detail: { version: '7', source: 'memory', stale: 'false' },
      },
      { ...facts, resource: 'production/payments/old', decision: 'error', detail: { error: 'secret_not_found' } },
      { resource: 'production/hidden', decision: 'deny', requestId: refused.headers.get('x-request-id') },
    ])
  })

  it('gives nothing that it can’t record', async () => {
    const started = await startOne()
    started.full = true
    for (const path of [ofTool('payments'), ofTool('hidden'), '/v1/environments/production/configuration']) {
      const answer = await started.get(path)
      expect(answer.status).toBe(503)
      expect(await answer.text()).not.toContain('value')
    }
  })

  it('is asked by probes without a key, and says to nobody how to keep its answers', async () => {
    const { get } = await startOne()
    for (const [path, status] of [
      ['/healthz', 'ok'],
      ['/readyz', 'ready'],
    ] as const) {
      const answer = await get(path, {})
      expect(await answer.json()).toEqual({ status })
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
      })
    }
  })

  it('reads no body, and no endless header', async () => {
    const { service, get } = await startOne()
    const body = 'x'.repeat(10_000)
    expect((await fetch(`${service.url}/healthz`, { method: 'POST', body })).status).toBe(405)
    expect((await get('/healthz', { 'x-long': 'x'.repeat(20_000) })).status).toBe(431)
  })
})

describe('the service with a certificate', () => {
  it('is spoken to by TLS alone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'keyplane-service-'))
    const [keyFile, certificate] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const made = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1`
    execFileSync('openssl', [...made.split(' '), '-keyout', keyFile, '-out', certificate], { stdio: 'ignore' })
    const { service } = await start({ apiKey: 'value' }, ['apiKey'], { certificate, key: keyFile })
    opened.push(service)
    const ca = readFileSync(certificate, 'utf8')
    const provider = serviceProvider({ endpoint: service.url, environment: 'production', token: key, ca })
    expect(service.url).toMatch(/^https:/)
    expect((await provider.get({ id: 'payments/apiKey' })).value.reveal()).toBe('value')
    await expect(fetch(service.url.replace('https', 'http'))).rejects.toThrow('fetch failed')
    await provider.close?.()
    rmSync(folder, { recursive: true })
  })

  it('that can’t be read does not start, and says which file', async () => {
    const files = { certificate: '/none/cert.pem', key: '/none/key.pem' }
    await expect(start({}, [], files)).rejects.toThrow("The file /none/cert.pem can't be read (ENOENT).")
  })
})
