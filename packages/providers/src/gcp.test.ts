import { BytesValue, type SecretProvider, TextValue } from '@keyplane/core'
import { describeProvider, fakeClock } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { GcpDouble, GrpcError } from '../test/gcp-double.ts'
import { type GcpProviderOptions, gcpFromSettings, gcpProvider } from './gcp.ts'

describeProvider(
  'gcp',
  async (seed) => {
    const client = new GcpDouble()
    for (const { name, value } of seed) client.add(name, value)
    return {
      provider: gcpProvider({ client }),
      deniedId: 'DENIED',
      silence: () => {
        client.fault = new GrpcError(14, '14 UNAVAILABLE: No connection established.')
      },
      hang: () => {
        client.hangs = true
      },
      babble: () => {
        client.babbles = true
      },
    }
  },
  { describe, it },
  {
    empty: 'Google refuses an empty payload',
    awkwardNames: 'Google takes names of A-Z a-z 0-9 _ - only',
  },
)

const start = (options: GcpProviderOptions = {}) => {
  const client = new GcpDouble()
  client.add('db', new TextValue('first'))
  client.add('db', new TextValue('second'))
  client.add('db', new TextValue('third'))
  return { client, provider: gcpProvider({ client, ...options }) }
}
const failure = (promise: Promise<unknown> | undefined): Promise<unknown> =>
  Promise.resolve(promise).then(
    () => 'it did not fail',
    (error: unknown) => error,
  )
const text = async (provider: SecretProvider, ref: Parameters<SecretProvider['get']>[0]): Promise<unknown> =>
  (await provider.get(ref)).value.reveal()

describe('a version of Google’s', () => {
  it('is the latest, a number, an alias, or the enabled one before', async () => {
    const { client, provider } = start()
    client.aliases.set('blue', 1)
    expect(await text(provider, { id: 'db' })).toBe('third')
    expect(await text(provider, { id: 'db', version: '2' })).toBe('second')
    expect(await text(provider, { id: 'db', stage: 'label:blue' })).toBe('first')
    expect(await text(provider, { id: 'db', stage: 'previous' })).toBe('second')
    client.setState('db', 2, 'DISABLED')
    expect(await text(provider, { id: 'db', stage: 'previous' })).toBe('first')
    client.setState('db', 1, 'DESTROYED')
    expect(await failure(provider.get({ id: 'db', stage: 'previous' }))).toMatchObject({ code: 'version_not_found' })
  })

  it('is known by its full name, in whichever project', async () => {
    const { provider } = start()
    expect(await provider.get({ id: 'projects/42/secrets/db' })).toMatchObject({
      id: 'projects/42/secrets/db',
      name: 'db',
      version: '3',
      stages: ['current'],
    })
    expect((await provider.get({ id: 'db' })).id).toBe('projects/42/secrets/db')
    expect(await failure(provider.get({ id: 'projects/other/secrets/db' }))).toMatchObject({ code: 'secret_not_found' })
  })

  it.each([
    ['DISABLED' as const, 'access_denied', 'version_disabled'],
    ['DESTROYED' as const, 'version_not_found', 'version_destroyed'],
  ])('that is %s is told as what it is', async (state, code, reason) => {
    const { client, provider } = start()
    client.setState('db', 3, state)
    expect(await failure(provider.get({ id: 'db' }))).toMatchObject({ code, reason, source: 'gcp' })
  })

  it.each([
    [{ version: '0' }],
    [{ version: 'latest' }],
    [{ version: '9' }],
    [{ stage: 'pending' as const }],
    [{ stage: 'label:latest' as const }],
    [{ stage: 'label:2' as const }],
    [{ version: '1', stage: 'current' as const }],
  ])('is not there for %j', async (wanted) => {
    const { provider } = start()
    expect(await failure(provider.get({ id: 'db', ...wanted }))).toMatchObject({ code: 'version_not_found' })
  })

  it('is not named by what is no name', async () => {
    const { client, provider } = start()
    const paths = ['p\n', '..', 'p/locations/..'].map((project) => `projects/${project}/secrets/db`)
    for (const id of ['', 'a/b', 'projects/p/secrets/db/versions/1', 'x'.repeat(256), ...paths])
      expect(await failure(provider.get({ id }))).toMatchObject({ code: 'invalid_request' })
    expect(client.asked).toEqual([])
  })

  it('that was changed on its way is refused', async () => {
    const { client } = start()
    const payload = { data: new Uint8Array([1]), dataCrc32c: 7 }
    const provider = gcpProvider({
      client: Object.assign(client, {
        accessSecretVersion: async () => [{ name: 'projects/1/secrets/db/versions/1', payload }] as const,
      }),
    })
    expect(await failure(provider.get({ id: 'db' }))).toMatchObject({ code: 'integrity' })
  })

  it.each<[number, string, string]>([
    [3, '', 'invalid_request'],
    [4, '', 'timeout'],
    [8, 'Quota exceeded', 'rate_limited'],
    [10, '', 'conflict'],
    [12, '', 'unsupported'],
    [13, '', 'unavailable'],
    [15, '', 'integrity'],
    [16, '', 'unauthenticated'],
    [99, '', 'internal'],
    [2, 'Could not load the default credentials. Browse to …', 'source_misconfigured'],
  ])('that does not come by status %d %j is %s', async (status, message, code) => {
    const { client, provider } = start()
    client.fault = new GrpcError(status, message)
    expect(await failure(provider.get({ id: 'projects/mine/secrets/db' }))).toMatchObject({ code, source: 'gcp' })
  })

  it('is not told where the SDK quotes what it could not read', async () => {
    const { client, provider } = start()
    client.fault = new GrpcError(14, 'Unexpected token \'c\', ..."data": canary..." is not valid JSON')
    const error = await failure(provider.get({ id: 'db' }))
    expect(error).toMatchObject({ code: 'bad_response', message: "Google's answer is not JSON." })
  })

  it('is waited for until the deadline, without a retry of the SDK’s own', async () => {
    const clock = fakeClock()
    const { client, provider } = start({ clock })
    const { signal } = new AbortController()
    await provider.get({ id: 'db' }, { signal, deadlineAtMs: clock.monotonicMs() + 250 })
    expect(client.options).toEqual([{ retry: null, timeout: 250, signal: expect.any(AbortSignal) }])
    expect(await failure(provider.get({ id: 'db' }, { deadlineAtMs: 0 }))).toMatchObject({ code: 'timeout' })
  })

  it.each([
    ['ECONNREFUSED', 'unavailable', 'connection'],
    ['ENOTFOUND', 'unavailable', 'connection'],
    ['ETIMEDOUT', 'timeout', 'connection'],
    ['ENOENT', 'internal', undefined],
  ])('that does not come for want of a network (%s) is %s', async (name, code, reason) => {
    const { client, provider } = start()
    for (const thrown of [
      Object.assign(new Error(`connect ${name}`), { code: name }),
      new Error('fetch failed', { cause: Object.assign(new Error(name), { code: name }) }),
    ]) {
      client.fault = thrown
      const error = await failure(provider.get({ id: 'projects/mine/secrets/db' }))
      expect(error).toMatchObject({ code, source: 'gcp' })
      expect((error as { reason?: string }).reason).toBe(reason)
    }
  })

  it.each(['invalid_grant: expired', '14 UNAVAILABLE: Getting metadata from plugin failed with error: invalid_grant'])(
    'whose sign-in is refused by %j is told so',
    async (message) => {
      const { client, provider } = start()
      client.fault = new GrpcError(14, message)
      expect(await failure(provider.get({ id: 'projects/mine/secrets/db' }))).toMatchObject({
        code: 'unauthenticated',
        reason: 'sign_in',
      })
    },
  )

  const never = (): Promise<never> => new Promise(() => {})
  it.each<[string, Partial<GcpDouble>]>([
    ['its sign-in', { initialize: never } as object],
    ['its project', { getProjectId: never }],
    ['its answer', { accessSecretVersion: never }],
  ])('is not waited for without an end where %s hangs', async (_what, hung) => {
    const clock = fakeClock()
    const { client } = start()
    const provider = gcpProvider({ client: Object.assign(client, hung), clock })
    const late = failure(provider.get({ id: 'db' }, { deadlineAtMs: clock.monotonicMs() + 250 }))
    const patient = failure(provider.get({ id: 'db' }))
    await clock.advance(250)
    expect(await late).toMatchObject({ code: 'timeout', source: 'gcp' })
    await clock.advance(30_000)
    expect(await patient).toMatchObject({ code: 'timeout' })
    const underWay = failure(provider.get({ id: 'db' }))
    await clock.advance(0)
    await provider.close?.()
    expect(await underWay).toMatchObject({ code: 'closed' })
    expect(clock.waiting).toBe(0)
  })

  it('is left alone when its caller leaves', async () => {
    const { client } = start()
    const provider = gcpProvider({
      client: Object.assign(client, { accessSecretVersion: () => new Promise(() => {}) }),
    })
    const caller = new AbortController()
    const call = failure(provider.get({ id: 'projects/42/secrets/db' }, { signal: caller.signal }))
    caller.abort('gone')
    expect(await call).toBe('gone')
  })
})

describe('a list of Google’s', () => {
  it('is narrowed by Google and compared here', async () => {
    const { client, provider } = start()
    client.add('web-db', new TextValue('x'))
    const found: unknown[] = []
    for await (const { id, name } of provider.list?.list({ prefix: 'db' }) ?? []) found.push([id, name])
    expect(found).toEqual([['projects/42/secrets/db', 'db']])
    expect(client.asked).toEqual([{ parent: 'projects/mine', filter: 'name:db', pageSize: 250 }])
  })
})

describe('a write to Google', () => {
  const options = { idempotencyKey: 'key' }
  const put = (provider: SecretProvider, id: string, more: object = {}) =>
    provider.write?.put({ id }, new TextValue('value'), { ...options, ...more })

  it('creates a secret that is not there, and only there where asked so', async () => {
    const { client, provider } = start()
    expect(await put(provider, 'new')).toMatchObject({
      id: 'projects/42/secrets/new',
      version: '1',
      createdAtMs: 1_569_534_789_046,
    })
    expect(client.asked).toHaveLength(3)
    expect(await put(provider, 'newer', { ifVersion: null, idempotencyKey: '2' })).toMatchObject({ version: '1' })
    const again = put(provider, 'db', { ifVersion: null, idempotencyKey: '3' })
    expect(await failure(again)).toMatchObject({ code: 'conflict' })
  })

  it('over a version that is no longer current is a conflict', async () => {
    const { provider } = start()
    expect(await put(provider, 'db', { ifVersion: '3' })).toMatchObject({ version: '4' })
    const stale = put(provider, 'db', { ifVersion: '3', idempotencyKey: '2' })
    expect(await failure(stale)).toMatchObject({ code: 'conflict' })
  })

  it('of bytes and of another stage is what Google can do', async () => {
    const { provider } = start()
    const bytes = new BytesValue(Uint8Array.of(255, 0))
    await provider.write?.put({ id: 'db' }, bytes, options)
    expect((await provider.get({ id: 'db' })).value.reveal()).toEqual(Uint8Array.of(255, 0))
    const pending = put(provider, 'db', { stages: ['pending'], idempotencyKey: '2' })
    expect(await failure(pending)).toMatchObject({ code: 'unsupported' })
  })

  it('under a key that another secret was written under is a conflict', async () => {
    const { provider } = start()
    await put(provider, 'db')
    expect(await failure(put(provider, 'other'))).toMatchObject({ code: 'conflict' })
  })

  it('never shows its value in what Google says of it', async () => {
    const { provider } = start()
    const error = await failure(provider.write?.put({ id: 'db' }, new TextValue('WRONG-canary'), options))
    expect(error).toMatchObject({ code: 'invalid_request', upstream: { message: 'Invalid value [secret], [secret]' } })
  })

  it('that removes deletes for good or not at all', async () => {
    const { provider } = start()
    const remove = (recoverableForMs: number) => failure(provider.write?.remove('db', { recoverableForMs }))
    expect(await remove(1)).toMatchObject({ code: 'unsupported' })
    await remove(0)
    expect(await failure(provider.get({ id: 'db' }))).toMatchObject({ code: 'secret_not_found' })
  })
})

describe('the gcp provider', () => {
  it.each([
    [new Error('ENOENT: no such file or directory, lstat key.json'), 'source_misconfigured', 'no_credentials'],
    [new GrpcError(14, 'later'), 'unavailable', undefined],
  ])('waits for its client’s credentials, and tells %j of them', async (thrown, code, reason) => {
    const { client } = start()
    const provider = gcpProvider({ client: Object.assign(client, { initialize: () => Promise.reject(thrown) }) })
    const error = await failure(provider.get({ id: 'projects/42/secrets/db' }))
    expect(error).toMatchObject({ code, source: 'gcp' })
    expect((error as { reason?: string }).reason).toBe(reason)
    expect(client.asked).toEqual([])
  })

  it('tells a credentials file that is no JSON, without a piece of it', async () => {
    const { client } = start()
    const initialize = async (): Promise<unknown> => JSON.parse('-----BEGIN CANARY')
    const provider = gcpProvider({ client: Object.assign(client, { initialize }) })
    const error = await failure(provider.get({ id: 'db' }))
    expect(error).toMatchObject({ code: 'source_misconfigured', reason: 'credentials' })
    expect(String(error)).not.toMatch(/BEGIN|-----/)
  })

  it('says what to install where Google’s SDK is missing', async () => {
    const provider = await gcpFromSettings({ env: { GOOGLE_CLOUD_PROJECT: 'mine' }, clock: fakeClock() })
    expect(await failure(provider.get({ id: 'db' }))).toMatchObject({
      code: 'source_misconfigured',
      reason: 'sdk_missing',
      message:
        'gcp needs a package that is not installed: run `npm install @google-cloud/secret-manager@7`, which needs Node 22.',
    })
    await provider.close?.()
  })

  it('leaves a client open that it was given', async () => {
    const { client, provider } = start()
    await provider.close?.()
    expect(client.closed).toBe(false)
  })
})
