import { BytesValue, type SecretProvider, TextValue } from '@keyplane/core'
import { describeProvider, fakeClock } from '@keyplane/testkit'
import { describe, expect, it } from 'vitest'
import { AzureDouble, RestError, vaultUrl } from '../test/azure-double.ts'
import { type AzureProviderOptions, azureFromSettings, azureProvider } from './azure.ts'

/** Names as Key Vault takes them. */
const spell = (name: string): string => name.replaceAll('_', '-')

describeProvider(
  'azure',
  async (seed) => {
    const client = new AzureDouble()
    for (const { name, value } of seed) client.add(spell(name), value)
    return {
      provider: azureProvider({ vaultUrl, client }),
      spell,
      deniedId: 'DENIED',
      silence: () => {
        client.fault = new RestError(undefined, 'REQUEST_SEND_ERROR', 'connect ECONNREFUSED')
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
  { awkwardNames: 'Key Vault takes names of A-Z a-z 0-9 - only, of either case alike' },
)

const start = (options: Partial<AzureProviderOptions> = {}) => {
  const client = new AzureDouble()
  for (const text of ['first', 'second', 'third']) client.add('db', new TextValue(text))
  return { client, provider: azureProvider({ vaultUrl, client, ...options }) }
}
const failure = (promise: Promise<unknown> | undefined): Promise<unknown> =>
  Promise.resolve(promise).then(
    () => 'it did not fail',
    (error: unknown) => error,
  )
const text = async (provider: SecretProvider, ref: Parameters<SecretProvider['get']>[0]): Promise<unknown> =>
  (await provider.get(ref)).value.reveal()

describe('a version of a vault', () => {
  it('is the current one, one by name, or the enabled one before', async () => {
    const { client, provider } = start()
    expect(await text(provider, { id: 'db' })).toBe('third')
    expect(await text(provider, { id: `${vaultUrl}/secrets/db` })).toBe('third')
    expect(await text(provider, { id: 'db', version: client.versionAt('db', 0).toUpperCase() })).toBe('first')
    expect(await text(provider, { id: 'db', stage: 'previous' })).toBe('second')
    client.disable('db', 1)
    expect(await text(provider, { id: 'db', stage: 'previous' })).toBe('first')
    client.disable('db', 0)
    expect(await failure(provider.get({ id: 'db', stage: 'previous' }))).toMatchObject({ code: 'version_not_found' })
  })

  it('before the current one is not guessed where two were made in one second', async () => {
    const { client, provider } = start()
    client.stepMs = 0
    for (const content of ['1', '2', '3']) client.add('quick', new TextValue(content))
    expect(await failure(provider.get({ id: 'quick', stage: 'previous' }))).toMatchObject({ code: 'unsupported' })
  })

  it('has the secret’s address as id, and its date', async () => {
    const { provider } = start()
    expect(await provider.get({ id: 'db' })).toMatchObject({
      id: `${vaultUrl}/secrets/db`,
      name: 'db',
      stages: ['current'],
      createdAtMs: 1_569_534_791_000,
    })
  })

  it('that is disabled is refused, not absent', async () => {
    const { client, provider } = start()
    client.disable('db', 2)
    expect(await failure(provider.get({ id: 'db' }))).toMatchObject({
      code: 'access_denied',
      reason: 'version_disabled',
    })
  })

  it('that is not there is told from a secret that is not there', async () => {
    const { provider } = start()
    const version = 'f'.repeat(32)
    expect(await failure(provider.get({ id: 'db', version }))).toMatchObject({ code: 'version_not_found' })
    expect(await failure(provider.get({ id: 'no', version }))).toMatchObject({ code: 'secret_not_found' })
    expect(await failure(provider.get({ id: 'db', stage: 'label:x' }))).toMatchObject({ code: 'version_not_found' })
    const wrong = { id: 'db', version, stage: 'current' as const }
    expect(await failure(provider.get(wrong))).toMatchObject({ code: 'version_not_found' })
  })

  it('is not named by what is no name', async () => {
    const { client, provider } = start()
    for (const id of ['', 'a_b', 'https://other.vault.azure.net/secrets/db', `${vaultUrl}/secrets/db/1`])
      expect(await failure(provider.get({ id }))).toMatchObject({ code: 'invalid_request' })
    expect(client.calls).toEqual([])
  })

  it.each<[number | undefined, string, string]>([
    [400, 'BadParameter', 'invalid_request'],
    [401, 'Unauthorized', 'unauthenticated'],
    [404, 'NotFound', 'bad_response'],
    [429, 'Throttled', 'rate_limited'],
    [500, 'InternalError', 'unavailable'],
    [504, '', 'timeout'],
    [undefined, 'PARSE_ERROR', 'bad_response'],
    [undefined, 'ENOTFOUND', 'unavailable'],
    [undefined, 'ETIMEDOUT', 'timeout'],
    [undefined, 'ENOENT', 'internal'],
    [undefined, '', 'internal'],
  ])('that does not come by %j %j is %s', async (status, name, code) => {
    const { client, provider } = start()
    client.fault = new RestError(status, name, '')
    expect(await failure(provider.get({ id: 'db' }))).toMatchObject({ code, source: 'azure' })
  })

  it('is not told where the SDK quotes the body that it could not read', async () => {
    const { client, provider } = start()
    client.fault = new RestError(200, 'PARSE_ERROR', 'occurred while parsing the response body - {"value":"canary"')
    const error = await failure(provider.get({ id: 'db' }))
    expect(error).toMatchObject({ code: 'bad_response', message: "Key Vault's answer is not JSON." })
  })

  it.each([
    ['CredentialUnavailableError', 'source_misconfigured'],
    ['AggregateAuthenticationError', 'unauthenticated'],
  ])('that nobody is signed in for by %s is %s', async (name, code) => {
    const { client, provider } = start()
    client.fault = Object.assign(new Error('Headers: {"server":"canary"}'), { name })
    const error = await failure(provider.get({ id: 'db' }))
    expect(error).toMatchObject({ code, source: 'azure' })
    expect(String(error)).not.toContain('canary')
  })

  it('is waited for until the deadline, its caller’s leave, or the end of the provider', async () => {
    const clock = fakeClock()
    const { client, provider } = start({ clock })
    await provider.get({ id: 'db' }, { deadlineAtMs: clock.monotonicMs() + 250 })
    expect(client.options[0]?.requestOptions).toEqual({ timeout: 250 })
    const hung = azureProvider({ vaultUrl, client: Object.assign(client, { getSecret: () => new Promise(() => {}) }) })
    const caller = new AbortController()
    const calls = [failure(hung.get({ id: 'db' }, { signal: caller.signal })), failure(hung.get({ id: 'db' }))]
    caller.abort('gone')
    expect(await calls[0]).toBe('gone')
    await hung.close?.()
    expect(await calls[1]).toMatchObject({ code: 'closed' })
  })

  it('is a timeout where the SDK gives up at the time limit that it was told', async () => {
    const { client, provider } = start()
    client.fault = Object.assign(new Error('The operation was aborted.'), { name: 'AbortError' })
    expect(await failure(provider.get({ id: 'db' }))).toMatchObject({ code: 'timeout', source: 'azure' })
  })

  it('is its caller’s reason where the SDK gives up at the caller’s word', async () => {
    const { client } = start()
    const caller = new AbortController()
    const getSecret = async (): Promise<never> => {
      caller.abort('gone')
      throw Object.assign(new Error('The operation was aborted.'), { name: 'AbortError' })
    }
    const provider = azureProvider({ vaultUrl, client: Object.assign(client, { getSecret }) })
    expect(await failure(provider.get({ id: 'db' }, { signal: caller.signal }))).toBe('gone')
  })

  it('is not waited for without an end where the SDK hangs', async () => {
    const clock = fakeClock()
    const { client } = start()
    const never = (): Promise<never> => new Promise(() => {})
    const provider = azureProvider({ vaultUrl, client: Object.assign(client, { getSecret: never }), clock })
    const late = failure(provider.get({ id: 'db' }, { deadlineAtMs: clock.monotonicMs() + 250 }))
    const patient = failure(provider.get({ id: 'db' }))
    await clock.advance(250)
    expect(await late).toMatchObject({ code: 'timeout', source: 'azure' })
    await clock.advance(30_000)
    expect(await patient).toMatchObject({ code: 'timeout' })
    expect(clock.waiting).toBe(0)
  })

  it('of bytes that are marked so has to be base64', async () => {
    const { client, provider } = start()
    await client.setSecret('odd', 'canary!', { requestOptions: { timeout: 1 }, tags: { 'file-encoding': 'base64' } })
    const error = await failure(provider.get({ id: 'odd' }))
    expect(error).toMatchObject({ code: 'bad_response' })
    expect(String(error)).not.toContain('canary')
  })
})

describe('a list of a vault', () => {
  it('is compared here', async () => {
    const { client, provider } = start()
    client.add('web-db', new TextValue('x'))
    const found: unknown[] = []
    for await (const { id, name } of provider.list?.list({ prefix: 'd' }) ?? []) found.push([id, name])
    expect(found).toEqual([[`${vaultUrl}/secrets/db`, 'db']])
  })
})

describe('a write to a vault', () => {
  const options = { idempotencyKey: 'key' }
  const put = (provider: SecretProvider, id: string, more: object = {}) =>
    provider.write?.put({ id }, new TextValue('value'), { ...options, ...more })

  it('is only made where it may be', async () => {
    const { client, provider } = start()
    expect(await failure(put(provider, 'db', { ifVersion: null }))).toMatchObject({ code: 'conflict' })
    expect(await put(provider, 'new', { ifVersion: null })).toMatchObject({ name: 'new', stages: ['current'] })
    const third = client.versionAt('db', 2)
    await put(provider, 'db', { ifVersion: third, idempotencyKey: '2' })
    const stale = put(provider, 'db', { ifVersion: third, idempotencyKey: '3' })
    expect(await failure(stale)).toMatchObject({ code: 'conflict' })
    const pending = put(provider, 'db', { stages: ['pending'], idempotencyKey: '4' })
    expect(await failure(pending)).toMatchObject({ code: 'unsupported' })
  })

  it('of bytes is read as bytes', async () => {
    const { provider } = start()
    const value = new BytesValue(Uint8Array.of(255, 0))
    expect((await provider.write?.put({ id: 'db' }, value, options))?.value).toBe(value)
    expect((await provider.get({ id: 'db' })).value.reveal()).toEqual(Uint8Array.of(255, 0))
  })

  it('that removes leaves the vault’s own time to recover, or purges', async () => {
    const { client, provider } = start()
    await provider.write?.remove('db', { recoverableForMs: 1 })
    expect(await failure(put(provider, 'db'))).toMatchObject({ code: 'secret_deleted' })
    client.add('other', new TextValue('x'))
    client.calls.length = 0
    await provider.write?.remove('other', { recoverableForMs: 0 })
    expect(client.calls).toEqual(['beginDeleteSecret', 'pollUntilDone', 'purgeDeletedSecret'])
  })

  it('never shows its value in what Azure says of it', async () => {
    const { provider } = start()
    const error = await failure(provider.write?.put({ id: 'db' }, new TextValue('WRONG-canary'), options))
    expect(error).toMatchObject({ code: 'invalid_request', upstream: { message: 'The value [secret] is wrong.' } })
  })
})

describe('the azure provider', () => {
  it('says what to install where Azure’s SDK is missing', async () => {
    const provider = await azureFromSettings({ env: { KEYPLANE_AZURE_VAULT_URL: vaultUrl }, clock: fakeClock() })
    expect(await failure(provider.get({ id: 'db' }))).toMatchObject({
      code: 'source_misconfigured',
      reason: 'sdk_missing',
      message: 'azure needs a package that is not installed: run `npm install @azure/keyvault-secrets@4`.',
    })
  })

  it('wants a vault', async () => {
    const settings = { env: {}, clock: fakeClock() }
    expect(await failure(azureFromSettings(settings))).toMatchObject({ code: 'config_invalid' })
    expect(() => azureProvider({ vaultUrl: 'http://mine.vault.azure.net' })).toThrow('plain http')
  })
})
