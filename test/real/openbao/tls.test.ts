import { readFileSync } from 'node:fs'
import { openBaoClient } from '@keyplane/openbao'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BaoServer, freePort } from './bao-server.ts'

/** A server in memory with a certificate of its own authority. */
class TlsServer extends BaoServer {
  override get endpoint(): string {
    return `https://127.0.0.1:${this.port}`
  }

  get ca(): string {
    return readFileSync(this.folder.at('vault-ca.pem'), 'utf8')
  }

  async startTls(): Promise<void> {
    this.port = await freePort()
    const listen = `-dev-listen-address=127.0.0.1:${this.port}`
    const args = ['-dev-tls', `-dev-tls-cert-dir=${this.folder.path}`, '-dev-no-store-token', listen]
    await this.start([...args, `-dev-root-token-id=${this.rootToken}`], '')
  }

  /** `fetch` would not trust the certificate. */
  protected override async isReady(): Promise<boolean> {
    const client = openBaoClient({
      endpoints: [this.endpoint],
      auth: { method: 'token', token: this.rootToken },
      ca: this.ca,
    })
    try {
      return (await client.call({ method: 'GET', path: 'auth/token/lookup-self' })).status === 200
    } finally {
      await client.close()
    }
  }
}

const server = new TlsServer()
beforeAll(() => server.startTls())
afterAll(() => server.remove())

describe('https to OpenBao', () => {
  const auth = { method: 'token', token: server.rootToken } as const
  const read = { method: 'GET', path: 'sys/mounts' } as const

  it('is trusted by the certificates that are given', async () => {
    const client = openBaoClient({ endpoints: [server.endpoint], auth, ca: server.ca })
    expect((await client.call(read)).status).toBe(200)
    await client.close()
  })

  it('is not trusted without them, and takes no token', async () => {
    const client = openBaoClient({ endpoints: [server.endpoint], auth })
    await expect(client.call(read)).rejects.toMatchObject({ code: 'unavailable', reason: 'tls' })
    await client.close()
  })

  it('where plain http is asked for is no OpenBao', async () => {
    const client = openBaoClient({ endpoints: [server.endpoint.replace('https', 'http')], auth })
    await expect(client.call(read)).rejects.toMatchObject({ code: 'bad_response' })
    await client.close()
  })
})
