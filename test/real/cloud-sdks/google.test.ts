import { inspect } from 'node:util'
import { TextValue } from '@keyplane/core'
import { gcpProvider } from '@keyplane/providers'
import { describeProvider } from '@keyplane/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { GcpSecretsClient } from '../../../packages/providers/src/gcp-client.ts'
import { GrpcError } from '../../../packages/providers/test/gcp-double.ts'
import { type GoogleAuthSdk, type GoogleSdk, googleAuth } from './google-auth.ts'
import { GoogleServer } from './google-server.ts'
import { sdk } from './sdk.ts'

/** Google's own client, which speaks REST to the double in place of gRPC to Google. */
const open = async (port: number): Promise<GcpSecretsClient> => {
  const { SecretManagerServiceClient } = await sdk<GoogleSdk>('@google-cloud/secret-manager')
  const place = { apiEndpoint: '127.0.0.1', port, protocol: 'http', fallback: true }
  return new SecretManagerServiceClient({ ...place, auth: await googleAuth() })
}

describeProvider(
  'gcp by Google’s SDK',
  async (seed) => {
    const server = await new GoogleServer().start()
    for (const { name, value } of seed) server.double.add(name, value)
    const client = await open(server.port)
    return {
      provider: gcpProvider({ client }),
      deniedId: 'DENIED',
      silence: () => server.stop(),
      hang: () => {
        server.double.hangs = true
      },
      babble: () => {
        server.babbles = true
      },
      stop: async () => {
        await client.close()
        await server.stop()
      },
    }
  },
  { describe, it },
  {
    empty: 'Google refuses an empty payload',
    awkwardNames: 'Google takes names of A-Z a-z 0-9 _ - only',
  },
)

describe('gcp by Google’s SDK', () => {
  let server: GoogleServer
  let client: GcpSecretsClient
  beforeEach(async () => {
    server = await new GoogleServer().start()
    for (const text of ['first', 'second', 'third']) server.double.add('db', new TextValue(text))
    client = await open(server.port)
  })
  afterEach(async () => {
    await client.close()
    await server.stop()
  })

  it('reads by number, alias and the stage before, past a disabled version', async () => {
    const provider = gcpProvider({ client })
    server.double.aliases.set('blue', 1)
    server.double.setState('db', 2, 'DISABLED')
    const read = async (ref: object): Promise<unknown> => (await provider.get({ id: 'db', ...ref })).value.reveal()
    expect(await read({ version: '3' })).toBe('third')
    expect(await read({ stage: 'label:blue' })).toBe('first')
    expect(await read({ stage: 'previous' })).toBe('first')
    await expect(read({ version: '2' })).rejects.toMatchObject({ code: 'access_denied', reason: 'version_disabled' })
  })

  it('lists page by page', async () => {
    for (let index = 0; index < 5; index++) server.double.add(`key-${index}`, new TextValue('x'))
    const names: string[] = []
    for await (const { name } of gcpProvider({ client }).list?.list({ prefix: 'key-' }) ?? []) names.push(name)
    expect(names).toHaveLength(5)
  })

  it('creates and deletes', async () => {
    const provider = gcpProvider({ client })
    const written = await provider.write?.put({ id: 'new' }, new TextValue('value'), { idempotencyKey: 'key' })
    expect(written).toMatchObject({ version: '1', createdAtMs: Date.UTC(2019, 8, 26, 21, 53, 9, 46) })
    expect((await provider.get({ id: 'new' })).value.reveal()).toBe('value')
    await provider.write?.remove('new', { recoverableForMs: 0 })
    await expect(provider.get({ id: 'new' })).rejects.toMatchObject({ code: 'secret_not_found' })
  })

  it('tells nothing of an answer that it could not read', async () => {
    server.babbles = true
    const error: unknown = await gcpProvider({ client })
      .get({ id: 'db' })
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'bad_response' })
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('canary')
  })

  it('asks once: the SDK does not try again', async () => {
    server.double.fault = new GrpcError(14, 'The service is currently unavailable.')
    await expect(gcpProvider({ client }).get({ id: 'db' })).rejects.toMatchObject({ code: 'unavailable' })
    expect(server.asked).toHaveLength(1)
  })

  it('says so where there are no credentials, and nobody is left to hear it', async () => {
    const { SecretManagerServiceClient } = await sdk<GoogleSdk>('@google-cloud/secret-manager')
    const { GoogleAuth } = await sdk<GoogleAuthSdk>('google-auth-library')
    const auth = new GoogleAuth({ projectId: 'mine', keyFilename: '/nonexistent/key.json' })
    const nobody = new SecretManagerServiceClient({ auth })
    // An unhandled rejection would fail the run.
    const error: unknown = await gcpProvider({ client: nobody })
      .get({ id: 'db' })
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'source_misconfigured', reason: 'no_credentials' })
    await nobody.close().catch(() => {})
  })
})
