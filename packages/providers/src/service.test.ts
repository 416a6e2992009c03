import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { BytesValue, type SecretProvider, type SecretsError, TextValue } from '@keyplane/core'
import { describeProvider, fakeClock } from '@keyplane/testkit'
import { afterEach, describe, expect, it } from 'vitest'
import { ServiceDouble } from '../test/service-double.ts'
import { type ServiceProviderOptions, serviceFromSettings, serviceProvider } from './service.ts'

const open = (service: ServiceDouble, options: Partial<ServiceProviderOptions> = {}): SecretProvider =>
  serviceProvider({ endpoint: service.endpoint, environment: 'production', token: service.token, ...options })

describeProvider(
  'service',
  async (seed) => {
    const service = await new ServiceDouble().start()
    for (const { name, value } of seed) service.add('payments', name, value, { versionId: '1' })
    return {
      provider: open(service),
      spell: (name) => `payments/${name}`,
      deniedId: 'DENIED-tool/secret',
      silence: () => service.stop(),
      babble: () => {
        service.fault = { status: 200, body: '<html>' }
      },
      stop: () => service.stop(),
    }
  },
  { describe, it },
)

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean()
})

const start = async (options: Partial<ServiceProviderOptions> = {}) => {
  const service = await new ServiceDouble().start()
  service.add('payments', 'apiKey', new TextValue('value'))
  const provider = open(service, options)
  cleanups.push(
    () => provider.close?.(),
    () => service.stop(),
  )
  return { service, provider }
}
const failure = (promise: Promise<unknown> | undefined): Promise<unknown> =>
  Promise.resolve(promise).then(
    () => 'it did not fail',
    (error: unknown) => error,
  )

describe('a secret of the service', () => {
  it('is named by its environment and tool, with what the service knows of it', async () => {
    const clock = fakeClock()
    const { service, provider } = await start({ clock })
    const facts = { versionId: '7', source: 'openbao', ageMs: 1_500, expiresAtMs: clock.nowMs() + 60_000 }
    service.add('payments', 'db', new TextValue('secret'), facts)
    expect(await provider.get({ id: 'payments/db', version: '7', stage: 'current' })).toMatchObject({
      id: 'production/payments/db',
      name: 'payments/db',
      version: '7',
      stages: ['current'],
      confirmedAtMs: clock.nowMs() - 1_500,
      lease: { id: 'production/payments/db@7', renewable: false, expiresAtMs: clock.nowMs() + 60_000 },
      attributes: { 'service.source': 'openbao' },
    })
    expect(service.asked[0]).toMatchObject({
      target: '/v1/environments/production/tools/payments/configuration',
      headers: { authorization: 'Bearer token-of-this-test' },
    })
  })

  it.each([
    ['payments/GONE', 'secret_not_found', undefined],
    ['payments/never-heard-of', 'secret_not_found', undefined],
    ['no-such-tool/secret', 'secret_not_found', undefined],
    ['payments/DENIED', 'access_denied', 'upstream'],
    ['DENIED/secret', 'access_denied', undefined],
    ['payments', 'invalid_request', undefined],
    ['payments/', 'invalid_request', undefined],
    ['../secret', 'invalid_request', undefined],
    ['a\ud800/secret', 'invalid_request', undefined],
    ['payments/\udc00', 'invalid_request', undefined],
    ['', 'invalid_request', undefined],
  ])('%j is told by %s', async (id, code, reason) => {
    const { provider } = await start()
    const error = await failure(provider.get({ id }))
    expect(error).toMatchObject({ code, source: 'service' })
    expect((error as { reason?: string }).reason).toBe(reason)
  })

  it('has its current version only', async () => {
    const { service, provider } = await start()
    service.add('payments', 'db', new TextValue('x'), { versionId: '7' })
    for (const wanted of [{ version: '6' }, { stage: 'previous' as const }, { stage: 'label:x' as const }])
      expect(await failure(provider.get({ id: 'payments/db', ...wanted }))).toMatchObject({ code: 'version_not_found' })
    expect(await failure(provider.get({ id: 'payments/db', as: 'role' }))).toMatchObject({ code: 'unsupported' })
  })

  it('that is old is given unless only a fresh one is wanted', async () => {
    const { service, provider } = await start()
    service.add('payments', 'db', new BytesValue(Uint8Array.of(1)), { stale: true, ageMs: 60_000 })
    expect((await provider.get({ id: 'payments/db' })).value.reveal()).toEqual(Uint8Array.of(1))
    const fresh = provider.get({ id: 'payments/db' }, { freshness: { maxStaleMs: 0 } })
    expect(await failure(fresh)).toMatchObject({ code: 'unavailable', reason: 'stale' })
  })

  it('is asked of its source where the origin is wanted', async () => {
    const { service, provider } = await start()
    await provider.get({ id: 'payments/apiKey' }, { freshness: { maxAgeMs: 0 } })
    expect(service.asked[0]?.headers['cache-control']).toBe('no-cache')
  })

  it.each([
    [404, '<html>', 'source_misconfigured'],
    [400, '', 'bad_response'],
    [302, '', 'bad_response'],
    [408, '', 'timeout'],
    [500, '', 'unavailable'],
    [503, '{"code":"closed","detail":"bye"}', 'unavailable'],
    [401, '', 'unauthenticated'],
    [403, '', 'access_denied'],
    [404, '{"code":"secret_not_found","detail":"no such tool"}', 'secret_not_found'],
  ])('that does not come by HTTP %d %j is %s', async (status, body, code) => {
    const { service, provider } = await start()
    service.fault = { status, body }
    expect(await failure(provider.get({ id: 'payments/apiKey' }))).toMatchObject({ code, source: 'service' })
  })

  it('is asked for later where the service says when', async () => {
    const { service, provider } = await start()
    service.fault = { status: 429, headers: { 'retry-after': '2' } }
    expect(await failure(provider.get({ id: 'payments/apiKey' }))).toMatchObject({
      code: 'rate_limited',
      retryAfterMs: 2_000,
    })
  })

  it('that is refused with an echo of the token is told without it, and briefly', async () => {
    const { service, provider } = await start()
    const detail = `denied for Bearer ${service.token} ${'m'.repeat(5_000_000)}`
    service.fault = { status: 403, body: JSON.stringify({ code: 'access_denied', detail }) }
    const error = (await failure(provider.get({ id: 'payments/apiKey' }))) as SecretsError
    expect(error.upstream?.message).toMatch(/^denied for Bearer \[secret\] m+…$/)
    expect(error.upstream?.message).toHaveLength(1_000)
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(service.token)
  })

  it('of another tool is not taken for the one that was asked for', async () => {
    const { service, provider } = await start()
    const body = {
      tool: 'other',
      environment: 'production',
      status: 'ok',
      settings: {},
      secrets: {},
      missing: [],
      errors: [],
    }
    service.fault = { status: 200, body: JSON.stringify(body) }
    expect(await failure(provider.get({ id: 'payments/apiKey' }))).toMatchObject({ code: 'bad_response' })
  })
})

describe('many secrets of the service', () => {
  it('are one request a tool', async () => {
    const { service, provider } = await start()
    service.add('payments', 'db', new TextValue('db'))
    service.add('mail', 'smtp', new TextValue('smtp'))
    const ids = ['mail/smtp', 'payments/db', 'wrong', 'payments/GONE', 'DENIED/x', 'payments/apiKey']
    const outcomes = (await provider.many?.get(ids.map((id) => ({ id })))) ?? []
    expect(outcomes.map((outcome) => (outcome.ok ? outcome.value.value.reveal() : outcome.error.code))).toEqual([
      'smtp',
      'db',
      'invalid_request',
      'secret_not_found',
      'access_denied',
      'value',
    ])
    expect(service.asked).toHaveLength(3)
  })

  it('are no more than a hundred', async () => {
    const { provider } = await start()
    const refs = Array.from({ length: 101 }, () => ({ id: 'payments/apiKey' }))
    expect(await failure(provider.many?.get(refs))).toMatchObject({ code: 'invalid_request' })
  })

  it('fail together after the end of the provider, or when the caller leaves', async () => {
    const { provider } = await start()
    const refs = [{ id: 'payments/apiKey' }, { id: 'mail/smtp' }]
    expect(await failure(provider.many?.get(refs, { signal: AbortSignal.abort('gone') }))).toBe('gone')
    await provider.close?.()
    expect(await failure(provider.many?.get(refs))).toMatchObject({ code: 'closed' })
  })
})

describe('the token of the service', () => {
  it('is read anew from its file where the service refuses it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'keyplane-token-'))
    cleanups.push(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'token')
    writeFileSync(file, 'old')
    const { service, provider } = await start({ token: { file } })
    expect(await failure(provider.get({ id: 'payments/apiKey' }))).toMatchObject({ code: 'unauthenticated' })
    writeFileSync(file, ` ${service.token}\n`)
    expect((await provider.get({ id: 'payments/apiKey' })).value.reveal()).toBe('value')
    await provider.refresh?.()
    rmSync(file)
    expect(await failure(provider.get({ id: 'payments/apiKey' }))).toMatchObject({
      code: 'source_misconfigured',
      message: expect.stringContaining("The service's token can't be read"),
    })
  })
})

describe('a file that is no token of the service', () => {
  it('holds nobody', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'keyplane-token-'))
    cleanups.push(() => rmSync(folder, { recursive: true }))
    execFileSync('mkfifo', [join(folder, 'pipe')])
    const { provider } = await start({ token: { file: join(folder, 'pipe') } })
    expect(await failure(provider.get({ id: 'payments/apiKey' }))).toMatchObject({
      code: 'source_misconfigured',
      reason: 'token',
      source: 'service',
    })
  })
})

describe('the service provider by settings', () => {
  it('takes address, environment and token', async () => {
    const { service } = await start()
    const env = {
      KEYPLANE_SERVICE_URL: service.endpoint,
      SECRETS_SERVICE_ENVIRONMENT: 'production',
      KEYPLANE_SERVICE_TOKEN: service.token,
    }
    const provider = await serviceFromSettings({ env, clock: fakeClock() })
    cleanups.push(() => provider.close?.())
    expect((await provider.get({ id: 'payments/apiKey' })).value.reveal()).toBe('value')
  })

  it('says what is missing', async () => {
    const env = { KEYPLANE_SERVICE_URL: 'https://localhost' }
    expect(await failure(serviceFromSettings({ env, clock: fakeClock() }))).toMatchObject({ code: 'config_invalid' })
    for (const environment of ['', '\ud800'])
      expect(() => serviceProvider({ endpoint: 'https://x', environment, token: 'x' })).toThrow('environment')
    expect(() => serviceProvider({ endpoint: 'http://example.com', environment: 'x', token: 'x' })).toThrow(
      'plain http',
    )
  })
})
