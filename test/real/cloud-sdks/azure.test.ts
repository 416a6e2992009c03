import { inspect } from 'node:util'
import { BytesValue, TextValue } from '@keyplane/core'
import { azureProvider } from '@keyplane/providers'
import { describeProvider } from '@keyplane/testkit'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { AzureCredential, AzureSecretsClient } from '../../../packages/providers/src/azure-client.ts'
import { RestError } from '../../../packages/providers/test/azure-double.ts'
import { AzureServer } from './azure-server.ts'
import { ownCertificate } from './own-certificate.ts'
import { sdk } from './sdk.ts'

interface AzureSdk {
  readonly SecretClient: new (url: string, credential: AzureCredential, options: object) => AzureSecretsClient
}

interface IdentitySdk {
  readonly EnvironmentCredential: new () => AzureCredential
  readonly ChainedTokenCredential: new (...sources: AzureCredential[]) => AzureCredential
}

let tls: Awaited<ReturnType<typeof ownCertificate>>
beforeAll(async () => {
  tls = await ownCertificate()
})

const credential: AzureCredential = {
  getToken: async () => ({ token: 'token-of-this-test', expiresOnTimestamp: Date.now() + 3_600_000 }),
}

/** Azure's own client, whose vault is the double. */
const open = async (url: string, signIn: AzureCredential = credential): Promise<AzureSecretsClient> => {
  const { SecretClient } = await sdk<AzureSdk>('@azure/keyvault-secrets')
  // A vault that is not below vault.azure.net would be taken for a thief of tokens.
  const place = { disableChallengeResourceVerification: true, tlsOptions: { ca: tls.cert } }
  return new SecretClient(url, signIn, { ...place, retryOptions: { maxRetries: 0 } })
}

const spell = (name: string): string => name.replaceAll('_', '-')

describeProvider(
  'azure by Azure’s SDK',
  async (seed) => {
    const server = await new AzureServer().start(tls)
    for (const { name, value } of seed) server.double.add(spell(name), value)
    return {
      provider: azureProvider({ vaultUrl: server.url, client: await open(server.url) }),
      spell,
      deniedId: 'DENIED',
      silence: () => server.stop(),
      hang: () => {
        server.double.hangs = true
      },
      babble: () => {
        server.babbles = true
      },
      stop: () => server.stop(),
    }
  },
  { describe, it },
  { awkwardNames: 'Key Vault takes names of A-Z a-z 0-9 - only, of either case alike' },
)

describe('azure by Azure’s SDK', () => {
  let server: AzureServer
  let client: AzureSecretsClient
  beforeEach(async () => {
    server = await new AzureServer().start(tls)
    for (const text of ['first', 'second', 'third']) server.double.add('db', new TextValue(text))
    client = await open(server.url)
  })
  afterEach(() => server.stop())
  const provider = () => azureProvider({ vaultUrl: server.url, client })

  it('reads by version and the stage before, past a disabled one', async () => {
    server.double.disable('db', 1)
    const read = async (ref: object): Promise<unknown> => (await provider().get({ id: 'db', ...ref })).value.reveal()
    expect(await read({ version: server.double.versionAt('db', 2) })).toBe('third')
    expect(await read({ stage: 'previous' })).toBe('first')
    const disabled = read({ version: server.double.versionAt('db', 1) })
    await expect(disabled).rejects.toMatchObject({ code: 'access_denied', reason: 'version_disabled' })
    const unknown = read({ version: 'f'.repeat(32) })
    await expect(unknown).rejects.toMatchObject({ code: 'version_not_found' })
  })

  it('lists page by page', async () => {
    for (let index = 0; index < 5; index++) server.double.add(`key-${index}`, new TextValue('x'))
    const names: string[] = []
    for await (const { name } of provider().list?.list({ prefix: 'key-' }) ?? []) names.push(name)
    expect(names).toHaveLength(5)
  })

  it('writes bytes, and deletes for good', async () => {
    const value = new BytesValue(Uint8Array.of(255, 0))
    await provider().write?.put({ id: 'new' }, value, { idempotencyKey: 'key' })
    expect((await provider().get({ id: 'new' })).value.reveal()).toEqual(value.reveal())
    await provider().write?.remove('new', { recoverableForMs: 0 })
    await expect(provider().get({ id: 'new' })).rejects.toMatchObject({ code: 'secret_not_found' })
    expect(server.asked.filter((asked) => asked.startsWith('DELETE'))).toEqual([
      'DELETE /secrets/new',
      'DELETE /deletedsecrets/new',
    ])
  })

  it('tells nothing of an answer that it could not read', async () => {
    server.babbles = true
    const error: unknown = await provider()
      .get({ id: 'db' })
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'bad_response' })
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('canary')
  })

  it('asks once: the SDK does not try again', async () => {
    server.double.fault = new RestError(503, 'ServiceUnavailable', 'later')
    await expect(provider().get({ id: 'db' })).rejects.toMatchObject({ code: 'unavailable' })
    expect(server.asked).toHaveLength(1)
  })

  it('is refused where the vault does not take who is signed in', async () => {
    server.double.fault = new RestError(401, 'Unauthorized', 'AKV10032: Invalid issuer.')
    await expect(provider().get({ id: 'db' })).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  it('says so where nobody is signed in', async () => {
    const { ChainedTokenCredential, EnvironmentCredential } = await sdk<IdentitySdk>('@azure/identity')
    for (const nobody of [new EnvironmentCredential(), new ChainedTokenCredential(new EnvironmentCredential())]) {
      client = await open(server.url, nobody)
      await expect(provider().get({ id: 'db' })).rejects.toMatchObject({
        code: 'source_misconfigured',
        reason: 'no_credentials',
      })
    }
  })
})
