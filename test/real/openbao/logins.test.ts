import { writeFileSync } from 'node:fs'
import { rootCertificates } from 'node:tls'
import type { SecretProvider } from '@keyplane/core'
import type { Auth } from '@keyplane/openbao'
import { openbaoProvider } from '@keyplane/providers'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { BaoServer } from './bao-server.ts'
import { appRole, JwtIssuer, tokenFor, wrapped } from './bao-roles.ts'
import { serviceAccountClaims, TokenReviewApi } from './token-review.ts'

const server = new BaoServer()
const reviews = new TokenReviewApi()
const issuer = new JwtIssuer()

beforeAll(async () => {
  const reviewer = await reviews.start()
  await server.startDev()
  await server.done('POST', 'secret/data/allowed/db', { data: { value: 'the value' } })
  await appRole(server, 'app')
  await server.done('POST', 'sys/auth/jwt', { type: 'jwt' })
  await server.done('POST', 'auth/jwt/config', { jwt_validation_pubkeys: [issuer.publicPem] })
  await server.done('POST', 'auth/jwt/role/ci', {
    role_type: 'jwt',
    bound_audiences: ['keyplane'],
    user_claim: 'sub',
    token_policies: ['keyplane'],
  })
  await server.done('POST', 'sys/auth/kubernetes', { type: 'kubernetes' })
  await server.done('POST', 'auth/kubernetes/config', {
    kubernetes_host: reviewer,
    kubernetes_ca_cert: rootCertificates[0],
    disable_local_ca_jwt: true,
    token_reviewer_jwt: issuer.issue(serviceAccountClaims('reviewer')),
  })
  await server.done('POST', 'auth/kubernetes/role/app', {
    bound_service_account_names: ['app'],
    bound_service_account_namespaces: ['default'],
    token_policies: ['keyplane'],
  })
})
afterAll(async () => {
  await server.remove()
  await reviews.stop()
})

const open: SecretProvider[] = []
afterEach(async () => {
  for (const provider of open.splice(0)) await provider.close?.()
})

const providerWith = (auth: Auth): SecretProvider => {
  const provider = openbaoProvider({ endpoints: [server.endpoint], auth })
  open.push(provider)
  return provider
}
const readWith = async (provider: SecretProvider): Promise<unknown> =>
  provider.get({ id: 'allowed/db' }).then(
    ({ value }) => value.reveal(),
    (error: unknown) => error,
  )
const fileWith = (text: string): string => {
  const file = server.folder.at(`credential-${Math.random().toString(36).slice(2)}`)
  writeFileSync(file, text)
  return file
}

describe('a login to OpenBao', () => {
  it('is by a token', async () => {
    const token = await tokenFor(server)
    expect(await readWith(providerWith({ method: 'token', token }))).toBe('the value')
    expect(await readWith(providerWith({ method: 'token', token: { file: fileWith(`${token}\n`) } }))).toBe('the value')
  })

  it('is by a token that may not even look at itself', async () => {
    const token = await tokenFor(server, { no_default_policy: true })
    expect(await readWith(providerWith({ method: 'token', token }))).toBe('the value')
  })

  it('by a token that is none is refused, and the token is read again from its file', async () => {
    const file = fileWith('s.none')
    const provider = providerWith({ method: 'token', token: { file } })
    expect(await readWith(provider)).toMatchObject({ code: 'unauthenticated', reason: 'invalid_token' })
    writeFileSync(file, await tokenFor(server))
    expect(await readWith(provider)).toBe('the value')
  })

  it('is by AppRole', async () => {
    expect(await readWith(providerWith({ method: 'approle', ...(await appRole(server, 'app')) }))).toBe('the value')
  })

  it('gives a token that is renewed in time, without another login', async () => {
    const role = await appRole(server, 'short', { token_ttl: '2s', token_max_ttl: '1h' })
    const provider = providerWith({ method: 'approle', ...role })
    await readWith(provider)
    const before = [server.asked('auth/approle/login'), server.asked('auth/token/renew-self')]
    await expect
      .poll(() => server.asked('auth/token/renew-self') - (before[1] ?? 0), { timeout: 6_000 })
      .toBeGreaterThanOrEqual(2)
    expect(await readWith(provider)).toBe('the value')
    expect(server.asked('auth/approle/login')).toBe(before[0])
  })

  it('gives a token that is replaced before its longest life is over', async () => {
    const role = await appRole(server, 'mortal', { token_ttl: '2s', token_max_ttl: '2s' })
    const provider = providerWith({ method: 'approle', ...role })
    const before = server.asked('auth/approle/login')
    const outcomes = new Set<unknown>()
    await expect
      .poll(
        async () => {
          outcomes.add(await readWith(provider))
          return server.asked('auth/approle/login') - before
        },
        { timeout: 8_000 },
      )
      .toBe(3)
    expect([...outcomes]).toEqual(['the value'])
  })

  it('is by AppRole with a wrapped secret id, which is opened once', async () => {
    const { roleId } = await appRole(server, 'app')
    const secretId = await wrapped(server, 'auth/approle/role/app/secret-id')
    const provider = providerWith({ method: 'approle', roleId, secretId, wrapped: true })
    expect(await readWith(provider)).toBe('the value')
    await provider.refresh?.()
    expect(await readWith(provider)).toBe('the value')
    expect(await readWith(providerWith({ method: 'approle', roleId, secretId, wrapped: true }))).toMatchObject({
      code: 'unauthenticated',
      reason: 'wrapping_token_used',
    })
  })

  it('is in a namespace of its own, with all that belongs to it', async () => {
    const inTeam = { 'x-vault-namespace': 'team' }
    await server.done('POST', 'sys/namespaces/team', {})
    await server.done('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } }, inTeam)
    const { roleId } = await appRole(server, 'app', {}, inTeam)
    const secretId = await wrapped(server, 'auth/approle/role/app/secret-id', inTeam)
    await server.done('POST', 'secret/data/allowed/db', { data: { value: "the team's value" } }, inTeam)
    const auth = { method: 'approle', roleId, secretId, wrapped: true } as const
    const provider = openbaoProvider({ endpoints: [server.endpoint], auth, namespace: 'team' })
    open.push(provider)
    expect(await readWith(provider)).toBe("the team's value")
    expect(await readWith(providerWith({ method: 'approle', roleId, secretId: 'any' }))).toMatchObject({
      code: 'unauthenticated',
    })
  })

  it('leaves a wrapping token closed that was made by other means', async () => {
    const { roleId } = await appRole(server, 'app')
    const foreign = await wrapped(server, 'sys/wrapping/wrap')
    const provider = providerWith({ method: 'approle', roleId, secretId: foreign, wrapped: true })
    expect(await readWith(provider)).toMatchObject({ code: 'unauthenticated', reason: 'wrapping_token_foreign' })
    expect((await server.call('POST', 'sys/wrapping/lookup', { token: foreign })).status).toBe(200)
  })

  it('by AppRole with a stale secret id locks no role for those with a good one', async () => {
    const { roleId, secretId } = await appRole(server, 'stale')
    const stale = providerWith({ method: 'approle', roleId, secretId: '00000000-dead-4000-8000-000000000000' })
    const before = server.asked('auth/approle/login')
    for (let times = 0; times < 20; times += 1)
      expect(await readWith(stale)).toMatchObject({ code: 'unauthenticated', reason: 'login_refused' })
    expect(server.asked('auth/approle/login') - before).toBe(1)
    expect(await readWith(providerWith({ method: 'approle', roleId, secretId }))).toBe('the value')
  })

  it('that is refused is counted by OpenBao until none was for a while, however long ago the first one was', async () => {
    await server.call('POST', 'sys/auth/short', { type: 'approle' })
    const lockout = { lockout_threshold: '5', lockout_duration: '1m', lockout_counter_reset_duration: '10s' }
    await server.done('POST', 'sys/auth/short/tune', { user_lockout_config: lockout })
    await server.done('POST', 'auth/short/role/app', { role_id: 'app', bind_secret_id: true })
    const { data } = await server.done('POST', 'auth/short/role/app/secret-id', {})
    const secretId = (data as { readonly secret_id: string }).secret_id
    const login = async (secret_id: string): Promise<number> =>
      (await server.call('POST', 'auth/short/login', { role_id: 'app', secret_id })).status
    const refused: number[] = []
    for (const pauseMs of [0, 0, 0, 6_000, 6_000]) {
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
      refused.push(await login('stale'))
    }
    expect([...refused, await login(secretId)]).toEqual([400, 400, 400, 400, 400, 403])
  }, 40_000)

  it('by a role that others have locked says so', async () => {
    const { roleId, secretId } = await appRole(server, 'locked')
    for (let times = 0; times < 5; times += 1)
      await server.call('POST', 'auth/approle/login', { role_id: roleId, secret_id: 'wrong' })
    expect(await readWith(providerWith({ method: 'approle', roleId, secretId }))).toMatchObject({
      code: 'unauthenticated',
      reason: 'locked_out',
    })
  })

  it('is by a JWT, read from its file at each login', async () => {
    const file = fileWith(issuer.issue({ sub: 'job', aud: 'elsewhere' }))
    const provider = providerWith({ method: 'jwt', role: 'ci', jwt: { file } })
    expect(await readWith(provider)).toMatchObject({ code: 'unauthenticated', reason: 'login_refused' })
    writeFileSync(file, issuer.issue({ sub: 'job', aud: 'keyplane' }))
    expect(await readWith(provider)).toBe('the value')
  })

  it('by a JWT for a role that is not there is a mistake in the set-up', async () => {
    const jwt = issuer.issue({ sub: 'job', aud: 'keyplane' })
    expect(await readWith(providerWith({ method: 'jwt', role: 'nobody', jwt }))).toMatchObject({
      code: 'source_misconfigured',
      reason: 'login_role',
    })
  })

  it('where nothing is mounted is refused like a wrong one: OpenBao tells strangers no more', async () => {
    const jwt = issuer.issue({ sub: 'job', aud: 'keyplane' })
    expect(await readWith(providerWith({ method: 'jwt', role: 'ci', jwt, mount: 'nowhere' }))).toMatchObject({
      code: 'unauthenticated',
      reason: 'login_refused',
    })
  })

  it("is by Kubernetes' service account, which OpenBao lets the cluster review", async () => {
    const file = fileWith(issuer.issue(serviceAccountClaims('app')))
    const provider = providerWith({ method: 'kubernetes', role: 'app', jwt: { file } })
    expect(await readWith(provider)).toBe('the value')
    expect(reviews.reviewed).toBeGreaterThan(0)
  })

  it('by another service account is refused', async () => {
    const jwt = issuer.issue(serviceAccountClaims('other'))
    expect(await readWith(providerWith({ method: 'kubernetes', role: 'app', jwt }))).toMatchObject({
      code: 'unauthenticated',
      reason: 'service_account_not_authorized',
    })
  })
})
