import { TextValue } from '@keyplane/core'
import { gcpProvider } from '@keyplane/providers'
import { describeProvider } from '@keyplane/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { GcpSecretsClient } from '../../../packages/providers/src/gcp-client.ts'
import { type GoogleSdk, googleAuth } from './google-auth.ts'
import { GoogleGrpcServer } from './google-grpc-server.ts'
import { sdk } from './sdk.ts'

/** Google's own client over gRPC, whose only other end is the double. */
const open = async (port: number): Promise<GcpSecretsClient> => {
  const { SecretManagerServiceClient } = await sdk<GoogleSdk>('@google-cloud/secret-manager')
  const place = { apiEndpoint: '127.0.0.1', port, sslCreds: await GoogleGrpcServer.insecure() }
  return new SecretManagerServiceClient({ ...place, auth: await googleAuth() })
}

describeProvider(
  'gcp by Google’s SDK over gRPC',
  async (seed) => {
    const server = await new GoogleGrpcServer().start()
    for (const { name, value } of seed) server.double.add(name, value)
    const client = await open(server.port)
    return {
      provider: gcpProvider({ client, projectId: 'mine' }),
      deniedId: 'DENIED',
      silence: () => server.stop(),
      hang: () => {
        server.double.hangs = true
      },
      babble: () => {
        server.double.babbles = true
      },
      stop: async () => {
        await client.close()
        server.stop()
      },
    }
  },
  { describe, it },
  {
    empty: 'Google refuses an empty payload',
    awkwardNames: 'Google takes names of A-Z a-z 0-9 _ - only',
  },
)

describe('gcp by Google’s SDK over gRPC', () => {
  let server: GoogleGrpcServer
  let client: GcpSecretsClient
  beforeEach(async () => {
    server = await new GoogleGrpcServer().start()
    for (const text of ['first', 'second', 'third']) server.double.add('db', new TextValue(text))
    client = await open(server.port)
  })
  afterEach(async () => {
    await client.close()
    server.stop()
  })

  it('reads the stage before, past a disabled version', async () => {
    server.double.setState('db', 2, 'DISABLED')
    const provider = gcpProvider({ client, projectId: 'mine' })
    expect((await provider.get({ id: 'db', stage: 'previous' })).value.reveal()).toBe('first')
  })

  it('is waited for until the deadline, and called off when its caller leaves', async () => {
    server.hangs = true
    const provider = gcpProvider({ client, projectId: 'mine' })
    const late = provider.get({ id: 'db' }, { deadlineAtMs: performance.now() + 200 })
    await expect(late).rejects.toMatchObject({ code: 'timeout' })
    const caller = new AbortController()
    const left = provider.get({ id: 'db' }, { signal: caller.signal })
    caller.abort('gone')
    await expect(left).rejects.toBe('gone')
  })
})
