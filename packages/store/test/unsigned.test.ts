import { connect, type Socket } from 'node:net'
import { auditTail } from '@keyplane/store'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { account, post, TestStore } from './test-store.ts'

let store: TestStore
const sockets: Socket[] = []
beforeEach(async () => {
  store = await new TestStore().start()
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await store.remove()
})

const port = () => store.running?.port ?? 0

/** Sends all of a body but its last byte, without a signature, and gives what is answered in the end. */
const halfSent = async (bytes: number): Promise<{ readonly answer: Promise<string> }> => {
  const socket = connect(port(), '127.0.0.1')
  sockets.push(socket)
  let text = ''
  socket.on('data', (chunk) => (text += String(chunk)))
  socket.on('error', () => undefined)
  const answer = new Promise<string>((resolve) => socket.once('close', () => resolve(text)))
  const head = `POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ${bytes}\r\n\r\n`
  await new Promise<void>((resolve) => socket.write(head + 'x'.repeat(bytes - 1), () => resolve()))
  return { answer }
}

describe('bodies that do not end', () => {
  it('make way, the longest-arriving first, when they hold more than a bound, and honest calls go on', async () => {
    const bytes = 524_288
    const first = await halfSent(bytes)
    for (let sent = 1; sent < 40; sent += 1) await halfSent(bytes)
    expect(await first.answer).toMatch(/^HTTP\/1.1 408/)
    await store.ok('CreateSecret', { Name: 'honest', SecretString: 'x'.repeat(65_536) })
  })

  it('are given up after ten seconds', async () => {
    const { answer } = await halfSent(1_000)
    while (store.clock.waiting < 2) await store.ok('ListSecrets', {})
    await store.clock.advance(10_000)
    expect(await answer).toMatch(/^HTTP\/1.1 408/)
  })
})

describe('the largest call there is', () => {
  it('is taken: every character escaped', async () => {
    const escaped = (text: string) => text.replace(/./g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
    const tags = Array.from(
      { length: 50 },
      (_, index) => `{"Key":"${escaped(`${index}`.padStart(128, 'k'))}","Value":"${escaped('v'.repeat(256))}"}`,
    )
    const body =
      `{"Name":"largest","ClientRequestToken":"${'t'.repeat(36)}","Description":"${escaped('d'.repeat(2_048))}",` +
      `"SecretString":"${escaped('s'.repeat(65_536))}","Tags":[${tags.join(',')}]}`
    expect((await store.send({ operation: 'CreateSecret', body })).status).toBe(200)
  })
})

describe('calls without a signature', () => {
  it('have a record each up to a number; the others are counted in one, and none is left out', async () => {
    for (let call = 0; call < 100; call += 1) expect((await post(port(), {}, '{}')).status).toBe(400)
    const records = async () => (await auditTail({ ...store.database, limit: 1_000 })).map(({ record }) => record)
    expect(await records()).toHaveLength(20)
    await store.clock.advance(5_000)
    await store.ok('ListSecrets', {})
    expect((await records()).filter(({ actor }) => actor === 'anonymous')).toHaveLength(21)
    expect((await records())[20]).toMatchObject({
      actor: 'anonymous',
      decision: 'deny',
      detail: { Error: 'Unauthenticated', Refusals: '80' },
    })
    await post(port(), {}, '{}')
    expect(await records()).toHaveLength(23)
  })

  it('are recorded when the store is closed before their number was written', async () => {
    for (let call = 0; call < 25; call += 1) await post(port(), {}, '{}')
    await store.stop()
    const [last] = await auditTail({ ...store.database, limit: 1 })
    expect(last?.record.detail).toMatchObject({ Refusals: '5' })
  })
})

describe('a store without authentication', () => {
  const listAs = (headers: Readonly<Record<string, string>>) =>
    post(
      port(),
      { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'secretsmanager.ListSecrets', ...headers },
      '{}',
    )

  // A page of anywhere could read every secret by leading its own host name to this machine.
  it('takes calls to this machine, and none that a page of another one sends', async () => {
    await store.stop()
    await store.start({ insecureNoAuth: { account } })
    for (const host of ['localhost', 'localhost:2774', '127.0.0.1:2774', '127.8.9.1', '[::1]:2774', 'aws.localhost:1'])
      expect([host, (await listAs({ host })).status]).toEqual([host, 200])
    for (const origin of ['http://localhost:3000', 'http://127.0.0.1'])
      expect((await listAs({ origin })).status).toBe(200)
    for (const host of ['evil.example:2774', 'localhost.evil.example', 'localhost@evil.example', '10.0.0.1', '[::2]'])
      expect([host, (await listAs({ host })).body.__type]).toEqual([host, 'AccessDeniedException'])
    for (const origin of ['http://evil.example', 'null', 'https://localhost.evil.example'])
      expect([origin, (await listAs({ host: 'localhost', origin })).body.message]).toEqual([
        origin,
        expect.stringMatching(/^Without authentication, only requests to this machine are taken/),
      ])
  })
})
