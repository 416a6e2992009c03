import { X509Certificate } from 'node:crypto'
import { copyFileSync, writeFileSync } from 'node:fs'
import { type Agent, Agent as HttpsAgent, type RequestOptions, request } from 'node:https'
import { connect, type TLSSocket } from 'node:tls'
import { fakeClock } from '@keyplane/testkit'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { followFiles } from '../src/follow-files.ts'
import { readTlsFiles } from '../src/listen/tls-files.ts'
import { Certificates } from './certificates.ts'
import { hash, key, type Served, serve } from './serve.ts'

let files: Certificates
let served: Served | undefined
beforeAll(() => {
  files = new Certificates().issue('server').issue('shop', '/O=Example/CN=shop').issue('till').issue('newer')
})
afterAll(() => files.remove())
afterEach(async () => {
  await served?.service.close()
  served = undefined
})

/** As the platform tells it, depending on who is quicker. */
const ended = /alert|hang up|ECONNRESET|EPIPE/
const path = '/v1/environments/production/tools/payments/configuration'

interface Answer {
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

const ask = (options: RequestOptions = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const call = request(`${served?.service.url}${path}`, { ca: files.text('ca.pem'), agent: false, ...options })
    call.on('response', (answer) => {
      let body = ''
      answer.on('data', (chunk) => (body += chunk))
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body }))
    })
    call.on('error', reject)
    call.end()
  })

const shown = (name: string): { readonly cert: string; readonly key: string } => ({
  cert: files.text(`${name}.pem`),
  key: files.text(`${name}.key`),
})

const start = async (tls: object, clients: object = { shop: { keys: [hash], roles: ['all'] } }): Promise<void> => {
  const own = { certificate: files.path('server.pem'), key: files.path('server.key') }
  served = await serve({ listen: { port: 0, tls: { ...own, ...tls } }, clients })
}

const fingerprint = (name: string): string =>
  `sha256:${new X509Certificate(files.text(`${name}.pem`)).fingerprint256.replaceAll(':', '').toLowerCase()}`

describe('with TLS the service', () => {
  it('listens on every address where it is told to, and says so', async () => {
    const own = { certificate: files.path('server.pem'), key: files.path('server.key') }
    served = await serve({ listen: { host: '0.0.0.0', port: 0, tls: own } })
    expect(served.service.url).toMatch(/^https:\/\/0\.0\.0\.0:[1-9]\d*$/)
  })

  it('says that it is to be spoken to by TLS alone, and speaks no old one', async () => {
    await start({})
    const { status, headers } = await ask({ headers: { authorization: `Bearer ${key}` } })
    expect([status, headers['strict-transport-security']]).toEqual([200, 'max-age=31536000'])
    await expect(ask({ maxVersion: 'TLSv1.1', minVersion: 'TLSv1.1' })).rejects.toThrow(/alert|protocol/i)
  })

  it('knows clients by their certificates: by the fingerprint, by the subject', async () => {
    await start(
      { clientCa: files.path('ca.pem'), clientCertificates: 'asked' },
      {
        shop: { certificates: ['subject:O=Example, CN=shop'], roles: ['all'] },
        till: { certificates: [fingerprint('till')], roles: ['all'] },
        other: { keys: [hash], roles: ['all'] },
      },
    )
    for (const name of ['shop', 'till']) {
      expect((await ask(shown(name))).status, name).toBe(200)
      expect(served?.records.at(-1)?.actor).toBe(name)
      const { body } = await ask({ ...shown(name), path: '/v1/whoami' })
      expect(JSON.parse(body)).toMatchObject({ name, kind: 'certificate' })
    }
    // Nobody is known by this one, and none is shown.
    expect([(await ask(shown('newer'))).status, (await ask()).status]).toEqual([401, 401])
    // A key goes before a certificate, and a wrong one is not made good by it.
    expect((await ask({ ...shown('shop'), headers: { authorization: `Bearer ${key}` } })).status).toBe(200)
    expect(served?.records.at(-1)?.actor).toBe('other')
    expect((await ask({ ...shown('shop'), headers: { authorization: 'Bearer kps_x' } })).status).toBe(401)
  })

  it('takes nobody’s word for a certificate but the authority’s', async () => {
    const others = new Certificates().issue('shop', '/O=Example/CN=shop')
    const forged = { cert: others.text('shop.pem'), key: others.text('shop.key') }
    others.remove()
    const clients = { shop: { certificates: ['subject:O=Example, CN=shop'], roles: ['all'] } }
    await start({ clientCa: files.path('ca.pem'), clientCertificates: 'asked' }, clients)
    expect((await ask(forged)).status).toBe(401)
    await served?.service.close()
    await start({ clientCa: files.path('ca.pem') }, clients)
    await expect(ask(forged)).rejects.toThrow(ended)
    await expect(ask()).rejects.toThrow(ended)
    expect((await ask(shown('shop'))).status).toBe(200)
  })
})

describe('the files of TLS', () => {
  const changing = { certificate: '', key: '' }
  const write = (name: string, which: readonly ('certificate' | 'key')[] = ['certificate', 'key']): void => {
    for (const each of which) copyFileSync(files.path(`${name}.${each === 'key' ? 'key' : 'pem'}`), changing[each])
  }
  beforeAll(() => {
    changing.certificate = files.path('changing.pem')
    changing.key = files.path('changing.key')
  })

  it('are followed, and what is broken is told once and not used', async () => {
    write('server')
    const clock = fakeClock()
    const used: string[] = []
    const told: string[] = []
    const end = followFiles(() => readTlsFiles(changing), readTlsFiles(changing), {
      clock,
      use: ({ cert }) => void used.push(new X509Certificate(cert).subject),
      warn: (message) => void told.push(message),
    })
    await clock.advance(20_000)
    write('newer', ['certificate'])
    await clock.advance(5_000)
    write('newer', ['key'])
    await clock.advance(20_000)
    expect([used, told]).toEqual([['CN=newer'], []])
    writeFileSync(changing.key, 'canary')
    await clock.advance(60_000)
    expect([used.length, told.length]).toEqual([1, 1])
    expect(told[0]).toContain(changing.key)
    expect(told[0]).not.toContain('canary')
    write('server')
    await clock.advance(10_000)
    expect(used).toEqual(['CN=newer', 'CN=server'])
    end()
    expect(clock.waiting).toBe(0)
  })

  it('change under open connections, which go on', async () => {
    write('server')
    await start({ ...changing })
    const agent: Agent = new HttpsAgent({ keepAlive: true, maxSockets: 1 })
    const headers = { authorization: `Bearer ${key}` }
    const subject = (): Promise<string | undefined> =>
      new Promise((resolve, reject) => {
        const { port } = new URL(served?.service.url ?? '')
        const socket: TLSSocket = connect({ host: '127.0.0.1', port: Number(port), ca: files.text('ca.pem') }, () => {
          resolve(socket.getPeerX509Certificate()?.subject)
          socket.destroy()
        })
        socket.on('error', reject)
      })
    await ask({ agent, headers })
    expect(await subject()).toBe('CN=server')
    const [open] = Object.values(agent.freeSockets).flat()
    write('newer')
    await expect.poll(subject, { timeout: 12_000, interval: 250 }).toBe('CN=newer')
    expect((await ask({ agent, headers })).status).toBe(200)
    expect(Object.values(agent.freeSockets).flat()[0]).toBe(open)
    agent.destroy()
  }, 20_000)
})
