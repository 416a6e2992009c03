import { type SecretProvider, SecretsError, systemClock, TextValue } from '@keyplane/core'
import { kvV2, type OpenBaoClient, openBaoClient } from '@keyplane/openbao'
import { type OpenBaoProviderOptions, openbaoProvider } from '@keyplane/providers'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { BaoServer } from './bao-server.ts'
import { appRole, revokeAppRoleTokens, tokenFor } from './bao-roles.ts'

const server = new BaoServer()

beforeAll(async () => {
  await server.startDev()
  await server.done('POST', 'secret/data/allowed/db', { data: { value: 'the value' } })
  await server.done('POST', 'secret/data/denied/db', { data: { value: 'not for you' } })
})
afterAll(() => server.remove())

const open: { close?(): unknown }[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.close?.()
})

const asRoot = (options: Partial<OpenBaoProviderOptions> = {}): SecretProvider => {
  const auth = { method: 'token', token: server.rootToken } as const
  const provider = openbaoProvider({ endpoints: [server.endpoint], auth, ...options })
  open.push(provider)
  return provider
}

const asApp = async (): Promise<SecretProvider> =>
  asRoot({ auth: { method: 'approle', ...(await appRole(server, 'app')) } })

const client = (): OpenBaoClient => {
  const made = openBaoClient({ endpoints: [server.endpoint], auth: { method: 'token', token: server.rootToken } })
  open.push(made)
  return made
}

const failure = (promise: Promise<unknown> | undefined): Promise<unknown> =>
  Promise.resolve(promise).then(
    () => 'it did not fail',
    (error: unknown) => error,
  )

const put = (provider: SecretProvider, id: string, text: string, key: string, ifVersion?: string | null) =>
  provider.write?.put(
    { id },
    new TextValue(text),
    ifVersion === undefined ? { idempotencyKey: key } : { idempotencyKey: key, ifVersion },
  )

describe('404', () => {
  it('with an empty list is an absence: of a secret, of a version, of a folder', async () => {
    const provider = asRoot()
    expect(await failure(provider.get({ id: 'allowed/none' }))).toMatchObject({ code: 'secret_not_found' })
    expect(await failure(provider.get({ id: 'allowed/db', version: '7' }))).toMatchObject({ code: 'version_not_found' })
    expect(await failure(provider.get({ id: 'allowed/none', version: '7' }))).toMatchObject({
      code: 'secret_not_found',
    })
    const listed: string[] = []
    for await (const { name } of provider.list?.list({ prefix: 'nothing/' }) ?? []) listed.push(name)
    expect(listed).toEqual([])
  })

  it('with a deletion time is a deleted secret, destroyed or not', async () => {
    const provider = asRoot()
    await put(provider, 'allowed/gone', 'first', 'k1')
    await provider.write?.remove('allowed/gone', { recoverableForMs: 86_400_000 })
    const kv = kvV2({ client: client() })
    expect(await failure(provider.get({ id: 'allowed/gone' }))).toMatchObject({
      code: 'secret_deleted',
      reason: 'deleted',
      message: expect.stringMatching(/request [0-9a-f-]{36}/),
    })
    await kv.undelete('allowed/gone', [1])
    expect((await provider.get({ id: 'allowed/gone' })).value.reveal()).toBe('first')
    await kv.destroy('allowed/gone', [1])
    expect(await failure(provider.get({ id: 'allowed/gone' }))).toMatchObject({
      code: 'secret_deleted',
      reason: 'destroyed',
    })
    const [state] = (await provider.state?.describe([{ id: 'allowed/gone' }])) ?? []
    expect(state).toMatchObject({ ok: true, value: { versions: new Map(), deletedAtMs: expect.any(Number) } })
    await provider.write?.remove('allowed/gone', { recoverableForMs: 0 })
    expect(await failure(provider.get({ id: 'allowed/gone' }))).toMatchObject({ code: 'secret_not_found' })
  })

  it('for a mount, a namespace or a kind of mount that is not there is a mistake in the set-up', async () => {
    const ref = { id: 'allowed/db' }
    expect(await failure(asRoot({ mount: 'nowhere' }).get(ref))).toMatchObject({
      code: 'source_misconfigured',
      reason: 'no_mount',
    })
    // No token is looked up in a namespace that is not there, so the refusal comes at the login.
    expect(await failure(asRoot({ namespace: 'nowhere' }).get(ref))).toMatchObject({
      code: 'source_misconfigured',
      reason: 'no_namespace',
    })
    await server.done('POST', 'sys/mounts/old', { type: 'kv', options: { version: '1' } })
    expect(await failure(asRoot({ mount: 'old' }).get(ref))).toMatchObject({
      code: 'source_misconfigured',
      reason: 'kv_version',
    })
    await server.done('POST', 'sys/mounts/transit', { type: 'transit' })
    expect(await failure(asRoot({ mount: 'transit' }).get(ref))).toMatchObject({
      code: 'source_misconfigured',
      reason: 'unsupported_path',
    })
    expect(await failure(asRoot({ mount: 'cubbyhole' }).get(ref))).toMatchObject({
      code: 'source_misconfigured',
      reason: 'kv_version',
    })
    expect(await failure(client().call({ method: 'GET', path: 'secret/allowed/db' }))).toMatchObject({
      code: 'source_misconfigured',
      reason: 'kv_path',
    })
  })
})

describe('403', () => {
  it('of a policy is a refusal, and costs no login', async () => {
    const provider = await asApp()
    await provider.get({ id: 'allowed/db' })
    const before = server.asked('auth/approle/login')
    expect(await failure(provider.get({ id: 'denied/db' }))).toMatchObject({
      code: 'access_denied',
      reason: 'policy',
      upstream: { status: 403 },
    })
    expect(server.asked('auth/approle/login')).toBe(before)
  })

  it('of a dead token is another matter: 50 reads at once cost one question and one login', async () => {
    const provider = await asApp()
    await provider.get({ id: 'allowed/db' })
    await revokeAppRoleTokens(server)
    const before = [server.asked('auth/approle/login'), server.asked('auth/token/lookup-self')]
    const reads = Array.from({ length: 50 }, () => provider.get({ id: 'allowed/db' }))
    for (const { value } of await Promise.all(reads)) expect(value.reveal()).toBe('the value')
    expect(server.asked('auth/approle/login') - (before[0] ?? 0)).toBe(1)
    expect(server.asked('auth/token/lookup-self') - (before[1] ?? 0)).toBe(1)
  })

  it('of a token that is used up is a dead token', async () => {
    const provider = asRoot({ auth: { method: 'token', token: await tokenFor(server, { num_uses: 3 }) } })
    await provider.get({ id: 'allowed/db' })
    await provider.get({ id: 'allowed/db' })
    expect(await failure(provider.get({ id: 'allowed/db' }))).toMatchObject({ code: 'unauthenticated' })
  })
})

describe('400', () => {
  it('of a compare-and-set is a conflict, and a write that has to compare does', async () => {
    const provider = asRoot()
    await put(provider, 'allowed/cas', 'first', 'k1', null)
    expect(await failure(put(provider, 'allowed/cas', 'other', 'k2', null))).toMatchObject({ code: 'conflict' })
    expect(await failure(put(provider, 'allowed/cas', 'other', 'k3', '7'))).toMatchObject({
      code: 'conflict',
      reason: 'cas_mismatch',
    })
    expect(await put(provider, 'allowed/cas', 'second', 'k4', '1')).toMatchObject({ version: '2' })
    await server.done('POST', 'sys/mounts/strict', { type: 'kv', options: { version: '2' } })
    await expect.poll(async () => (await server.call('POST', 'strict/config', { cas_required: true })).status).toBe(204)
    const strict = asRoot({ mount: 'strict' })
    expect(await put(strict, 'a', 'first', 'k1')).toMatchObject({ version: '1' })
    expect(await put(strict, 'a', 'second', 'k2')).toMatchObject({ version: '2' })
  })

  it('of a lease that is gone is an absence', async () => {
    for (const path of ['sys/leases/renew', 'sys/leases/lookup'])
      expect(await failure(client().call({ method: 'POST', path, body: { lease_id: 'nope' } }))).toMatchObject({
        code: 'secret_not_found',
        reason: 'lease_gone',
      })
  })

  it('of a path is refused before it is asked: it would be another secret', async () => {
    const before = server.auditLog.length
    const provider = asRoot()
    for (const id of ['allowed//db', 'allowed/../denied/db', 'allowed/db/', ''])
      expect(await failure(provider.get({ id }))).toMatchObject({ code: 'invalid_request' })
    expect(server.auditLog.length).toBe(before)
    // No control character, but Go's server prints it no more than one.
    expect(await failure(provider.get({ id: 'allowed/soft\u00adhyphen' }))).toMatchObject({ code: 'invalid_request' })
  })
})

describe('503', () => {
  it('of a namespace that somebody has locked is a refusal, no outage', async () => {
    await server.done('POST', 'sys/namespaces/locked', {})
    await server.done('POST', 'sys/namespaces/api-lock/lock/locked')
    expect(await failure(asRoot({ namespace: 'locked' }).get({ id: 'allowed/db' }))).toMatchObject({
      code: 'access_denied',
      reason: 'namespace_locked',
    })
  })
})

describe('429', () => {
  it('of a quota is a rate limit', async () => {
    await server.done('POST', 'sys/mounts/slow', { type: 'kv', options: { version: '2' } })
    await server.done('POST', 'sys/quotas/rate-limit/slow', { path: 'slow', rate: 1, interval: '10s' })
    const provider = asRoot({ mount: 'slow' })
    const outcomes: unknown[] = []
    for (let times = 0; times < 4; times += 1) outcomes.push(await failure(provider.get({ id: 'a' })))
    expect(outcomes).toContainEqual(expect.objectContaining({ code: 'rate_limited', reason: 'quota' }))
  })
})

describe('what is written', () => {
  it('stands in no audit log in clear, numbers included', async () => {
    const provider = asRoot()
    await put(provider, 'allowed/json', '{"port":486130486130,"password":"canary-in-json"}', 'k1')
    await put(provider, 'allowed/fields', '{"user":"u-486140486140","password":"canary-in-field"}', 'k1')
    expect((await provider.get({ id: 'allowed/json' })).value.reveal()).toBe(
      '{"port":486130486130,"password":"canary-in-json"}',
    )
    expect((await server.done('GET', 'secret/data/allowed/fields'))['data']).toMatchObject({
      data: { user: 'u-486140486140', password: 'canary-in-field' },
    })
    const log = server.auditLog
    for (const trace of ['486130486130', '486140486140', 'canary']) expect(log.includes(trace), trace).toBe(false)
    expect(log.includes('"path":"secret/data/allowed/json"')).toBe(true)
  })

  it('more than once under one key is one version, though the answer was lost', async () => {
    const provider = asRoot()
    await provider.get({ id: 'allowed/db' })
    await server.pause()
    const lost = await failure(
      provider.write?.put(
        { id: 'allowed/lost' },
        new TextValue('once'),
        { idempotencyKey: 'key', ifVersion: null },
        {
          deadlineAtMs: systemClock.monotonicMs() + 300,
        },
      ),
    )
    server.resume()
    expect(lost).toMatchObject({ code: 'timeout' })
    // It may have been served when the server went on, or not at all.
    expect(await put(provider, 'allowed/lost', 'once', 'key', null)).toMatchObject({ version: '1' })
    expect(await put(provider, 'allowed/lost', 'once', 'key', null)).toMatchObject({ version: '1' })
    const [state] = (await provider.state?.describe([{ id: 'allowed/lost' }])) ?? []
    expect(state?.ok && [...state.value.versions.keys()]).toEqual(['1'])
  })
})

describe('a server that does not answer', () => {
  it('for being stopped is a timeout within 3 s, and takes no token', async () => {
    const provider = await asApp()
    await provider.get({ id: 'allowed/db' })
    const before = server.asked('auth/approle/login')
    await server.pause()
    const startMs = performance.now()
    const error = await failure(provider.get({ id: 'allowed/db' }))
    const tookMs = performance.now() - startMs
    server.resume()
    expect(error).toMatchObject({ code: 'timeout' })
    expect(tookMs).toBeLessThan(3_000)
    expect((await provider.get({ id: 'allowed/db' })).value.reveal()).toBe('the value')
    expect(server.asked('auth/approle/login')).toBe(before)
  })

  it('for being sealed says so, to health too', async () => {
    const provider = asRoot()
    await provider.get({ id: 'allowed/db' })
    await server.done('PUT', 'sys/seal')
    expect(await failure(provider.get({ id: 'allowed/db' }))).toMatchObject({ code: 'unavailable', reason: 'sealed' })
    const fresh = asRoot({ auth: { method: 'approle', roleId: 'r', secretId: 's' } })
    expect(await failure(fresh.get({ id: 'allowed/db' }))).toMatchObject({ code: 'unavailable', reason: 'sealed' })
    expect([...(await client().health()).values()]).toEqual([{ state: 'sealed', version: expect.any(String) }])
    expect([...(await client().sealStatus()).values()]).toMatchObject([{ sealed: true, type: 'shamir', threshold: 1 }])
  })

  it('for being gone is unavailable', async () => {
    const provider = asRoot()
    await server.kill()
    const error = await failure(provider.get({ id: 'allowed/db' }))
    expect(error).toBeInstanceOf(SecretsError)
    expect(error).toMatchObject({ code: 'unavailable', reason: 'refused' })
    expect([...(await client().health()).values()]).toEqual([{ state: 'unreachable' }])
  })
})
