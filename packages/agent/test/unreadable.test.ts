import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { startTestAgent } from './start-test-agent.ts'
import { token } from './token.ts'
import { exchange } from './wire.ts'

/** All that comes back until the agent ends the connection. */
const heard = async (...pieces: readonly string[]): Promise<string> =>
  exchange(
    (await startTestAgent()).port,
    pieces.map((piece) => Buffer.from(piece, 'latin1')),
    {},
  )

const statuses = (received: string): number[] =>
  (received.match(/HTTP\/1\.1 \d+/g) ?? []).map((line) => Number(line.slice(-3)))

const slow = `GET /secretsmanager/get?secretId=MyTest HTTP/1.1\r\nX-Vault-Token: ${token}\r\nTE: trailers\r\n\r\n`

describe('a request that cannot be read', () => {
  // A read that ended within the empty line brought the next head along: its refusal overtook the answer.
  it.each([
    ['a method that only the agent takes', 'get /ping HTTP/1.1\r\n\r\n', 405],
    ['no method', 'G\0T /ping HTTP/1.1\r\n\r\n', 400],
  ])('has its answer after the one before it, wherever the network cut them: %s', async (_what, next, status) => {
    const stream = slow + next
    for (let at = slow.length - 5; at < slow.length + 6; at += 1)
      for (const more of [0, 1, 3]) {
        const pieces = [stream.slice(0, at), stream.slice(at, at + more), stream.slice(at + more)]
        expect(statuses(await heard(...pieces.filter(Boolean))), `${at}, ${more}`).toEqual([200, status])
      }
  })

  it.each([
    ['a version of its own, and no end', 'GET /ping HTTP/0.9\r\nTransfer-Encoding: gzip\r\n\r\n'],
    ['no end', 'GET /ping HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n'],
    ['no end, as the last one', 'GET /ping HTTP/1.1\r\nConnection: close\r\nTransfer-Encoding: gzip\r\n\r\n'],
  ])('is refused once: %s', async (_what, request) => {
    expect(statuses(await heard(request))).toEqual([400])
  })

  it('is answered without a body where it is a HEAD', async () => {
    const received = await heard(`HEAD /secretsmanager/get HTTP/1.1\nX-Vault-Token: ${token}\n\n`)
    expect(received).toMatch(/^HTTP\/1\.1 405 [^]*\r\ncontent-length: 11\r\n[^]*\r\n\r\n$/)
  })
})

describe('after a request for another protocol', () => {
  const upgrade = 'GET /ping HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

  // Node's parser tells of no fault behind such a request: the peer waited for the end of an idle connection.
  it.each([
    ['is answered', 'get /ping HTTP/1.1\r\n\r\n', 405],
    ['has bare line feeds', 'GET /ping HTTP/1.1\n\n', 200],
    ['comes after empty lines', '\r\n\r\nget /ping HTTP/1.1\r\n\r\n', 405],
    ['is malformed', 'G\0T /ping HTTP/1.1\r\n\r\n', 400],
    ['is too long', `GET /ping HTTP/1.1\r\nA: \0${'x'.repeat(17_000)}\r\n\r\n`, 431],
  ])('one that cannot be read %s', async (_how, next, status) => {
    expect(statuses(await heard(upgrade, next))).toEqual([200, status])
    expect(statuses(await heard(upgrade + next))).toEqual([200, status])
  })

  it('others are read on', async () => {
    const last = 'GET /ping HTTP/1.1\r\nConnection: close\r\n\r\n'
    expect(statuses(await heard(upgrade, '\r\n\r\n', upgrade.slice(0, 9), upgrade.slice(9), last))).toEqual([
      200, 200, 200,
    ])
  })

  // It ended the agent: what was to be said of it had no listener.
  it('CONNECT is answered, once', async () => {
    expect(statuses(await heard(upgrade, 'CONNECT localhost:1 HTTP/1.1\r\n\r\n'))).toEqual([200, 403])
  })

  it('none follows behind a body, where no fault would be told', async () => {
    const body = upgrade.replace('Upgrade\r\n', 'Upgrade\r\nContent-Length: 2\r\n')
    const received = await heard(`${body}ab`, upgrade)
    expect(statuses(received)).toEqual([200])
    expect(received).toContain('\r\nconnection: close\r\n')
  })
})

describe('the last answer', () => {
  // The connection was closed over what lay unread: a reset, with which the answer was lost.
  it('is followed by no reset while its client is still sending', async () => {
    const socket = connect({ port: (await startTestAgent()).port, host: '127.0.0.1', allowHalfOpen: true })
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
    })
    const ended = new Promise<void>((resolve, reject) => {
      socket.on('end', resolve)
      socket.on('error', reject)
    })
    const closed = new Promise((resolve) => socket.on('close', resolve))
    const write = (bytes: string): Promise<void> =>
      new Promise((resolve, reject) => socket.write(bytes, (error) => (error ? reject(error) : resolve())))
    await write('GET /ping HTTP/1.1\r\nConnection: close\r\n\r\n')
    await ended
    for (let count = 0; count < 16; count += 1) await write('x'.repeat(65_536))
    socket.end()
    await closed
    expect(statuses(received)).toEqual([200])
  })
})
