import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SecretsError } from '@keyplane/core'
import { afterEach, describe, expect, it } from 'vitest'
import { OpenBaoAnswer } from '../answer.ts'
import type { LoginRequest } from '../login.ts'
import { type Auth, loginOf } from './auth.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean()
})

const fileWith = async (text: string): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'openbao-login-'))
  cleanups.push(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'credential'), text)
  return join(folder, 'credential')
}

/** Logs in once; what was asked, and the token. */
const logIn = async (auth: Auth, replies: Readonly<Record<string, object | SecretsError>> = {}) => {
  const asked: LoginRequest[] = []
  const all: Readonly<Record<string, object | SecretsError>> = {
    'sys/wrapping/lookup': { data: { creation_path: 'auth/approle/role/app/secret-id' } },
    'sys/wrapping/unwrap': { data: { secret_id: 'unwrapped' } },
    ...replies,
  }
  const { fingerprint, grant } = await loginOf(auth, 'openbao').present()
  const token = await grant(async (request) => {
    asked.push(request)
    const reply = all[request.path] ?? { auth: { client_token: 'granted', lease_duration: 60, renewable: true } }
    if (reply instanceof SecretsError) throw reply
    return new OpenBaoAnswer({ status: 200, headers: {}, body: new TextEncoder().encode(JSON.stringify(reply)) }, 0)
  })
  return { asked, token, fingerprint }
}

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'it did not fail',
    (error: unknown) => error,
  )

const appRole = { method: 'approle', roleId: 'role', secretId: 'secret' } as const

describe('a login', () => {
  it('by AppRole shows role id and secret id to the leader', async () => {
    const { asked, token } = await logIn(appRole)
    expect(asked).toMatchObject([
      { path: 'auth/approle/login', body: { role_id: 'role', secret_id: 'secret' }, isAppRole: true, atLeader: true },
    ])
    expect([token.reveal(), token.ttlMs, token.renewable]).toEqual(['granted', 60_000, true])
  })

  it('may be mounted elsewhere', async () => {
    expect((await logIn({ ...appRole, mount: 'team/roles' })).asked[0]?.path).toBe('auth/team/roles/login')
    const jwt = { method: 'jwt', role: 'ci', jwt: 'a.b.c', mount: 'gitlab' } as const
    expect((await logIn(jwt)).asked).toMatchObject([{ path: 'auth/gitlab/login', body: { role: 'ci', jwt: 'a.b.c' } }])
  })

  it('reads its credentials anew each time', async () => {
    const file = await fileWith('first\n')
    const login = loginOf({ method: 'kubernetes', role: 'app', jwt: { file } }, 'openbao')
    const first = await login.present()
    expect((await login.present()).fingerprint).toBe(first.fingerprint)
    await writeFile(file, 'second\n')
    expect((await login.present()).fingerprint).not.toBe(first.fingerprint)
  })

  it('may get its credentials from a function', async () => {
    const { asked } = await logIn({ ...appRole, secretId: async () => 'from elsewhere'.replace(' ', '-') })
    expect(asked[0]?.body).toMatchObject({ secret_id: 'from-elsewhere' })
  })

  it.each(['', ' \n', 'two words', 'line\nline', 'ü'])('with the credential %j is a mistake', async (bad) => {
    expect(await failure(logIn({ ...appRole, secretId: bad }))).toMatchObject({
      code: 'source_misconfigured',
      reason: 'credential',
    })
  })

  it('without its file is a mistake that names the file', async () => {
    expect(await failure(logIn({ method: 'token', token: { file: '/nowhere/token' } }))).toMatchObject({
      code: 'source_misconfigured',
      message: expect.stringContaining('/nowhere/token'),
    })
  })

  it('that is answered without a token is no login', async () => {
    expect(await failure(logIn(appRole, { 'auth/approle/login': { auth: null } }))).toMatchObject({
      code: 'bad_response',
    })
  })

  it('by a token asks how long it lives, and takes it where it may not ask', async () => {
    const lookup = 'auth/token/lookup-self'
    const token = { method: 'token', token: 'given' } as const
    const known = await logIn(token, { [lookup]: { data: { ttl: 120, renewable: true } } })
    expect(known.asked).toMatchObject([{ method: 'GET', path: lookup, token: 'given' }])
    expect([known.token.reveal(), known.token.ttlMs]).toEqual(['given', 120_000])
    const root = await logIn(token, { [lookup]: { data: { ttl: 0, renewable: false } } })
    expect(root.token.ttlMs).toBeUndefined()
    const mute = await logIn(token, { [lookup]: new SecretsError('access_denied', 'no') })
    expect([mute.token.reveal(), mute.token.ttlMs, mute.token.renewable]).toEqual(['given', undefined, false])
    const proxied = new SecretsError('access_denied', 'no', { reason: 'proxy' })
    expect(await failure(logIn(token, { [lookup]: proxied }))).toBe(proxied)
    const dead = new SecretsError('unauthenticated', 'dead')
    expect(await failure(logIn(token, { [lookup]: dead }))).toBe(dead)
  })
})

describe('a wrapped secret id', () => {
  const wrapped = { ...appRole, secretId: 'wrapping', wrapped: true } as const

  it('is looked at before it is opened', async () => {
    const { asked } = await logIn(wrapped)
    expect(asked.map(({ path }) => path)).toEqual(['sys/wrapping/lookup', 'sys/wrapping/unwrap', 'auth/approle/login'])
    expect(asked[2]?.body).toMatchObject({ secret_id: 'unwrapped' })
  })

  it.each(['auth/approle/role/app/secret-id', 'team/app/auth/approle/role/app/secret-id'])(
    'made at %s is opened',
    async (creation_path) => {
      const { asked } = await logIn(wrapped, { 'sys/wrapping/lookup': { data: { creation_path } } })
      expect(asked).toHaveLength(3)
    },
  )

  it.each([
    'sys/wrapping/wrap',
    'auth/approle/role/app/secret-id/lookup',
    'auth/approle/role/a/b/secret-id',
    'auth/other/role/app/secret-id',
    'xauth/approle/role/app/secret-id',
    'cubbyhole/response',
    '',
    null,
  ])('made at %s is left closed', async (creation_path) => {
    expect(await failure(logIn(wrapped, { 'sys/wrapping/lookup': { data: { creation_path } } }))).toMatchObject({
      code: 'unauthenticated',
      reason: 'wrapping_token_foreign',
    })
  })

  it('that holds none is no answer', async () => {
    expect(await failure(logIn(wrapped, { 'sys/wrapping/unwrap': { data: {} } }))).toMatchObject({
      code: 'bad_response',
    })
  })
})
