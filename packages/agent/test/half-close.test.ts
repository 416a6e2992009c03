import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { startTestAgent } from './start-test-agent.ts'
import { token } from './token.ts'
import { countAnswers, parseAnswer } from './wire.ts'

/** A source whose answers come when `open` is called. */
const start = async () => {
  const { port, source } = await startTestAgent()
  let open = (): void => {}
  source.gate = new Promise((resolve) => {
    open = resolve
  })
  const asked = async (): Promise<void> => {
    while (source.reads === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  return { port, open, asked }
}

const request = (...headers: readonly string[]): string =>
  ['GET /secretsmanager/get?secretId=MyTest HTTP/1.1', 'Host: localhost', ...headers, '', ''].join('\r\n')

/** Sends the text and says that nothing more comes; gives what comes back until the agent ends the connection too. */
const halfClosed = (port: number, sent: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
    })
    socket.on('end', () => resolve(received))
    socket.on('error', reject)
    socket.end(sent)
  })

const own = `X-Vault-Token: ${token}`

describe('a client that closes its side after its request', () => {
  // The AWS agent's server answers it; here the connection was ended before the answer was there.
  it.each([
    ['fast path', request(own)],
    ['slow path', request(own, 'Accept: application/json, text/plain;q=0')],
    ['method of no standard', request(own).replace('GET', 'get')],
  ])('has its answer, however long it takes (%s)', async (_path, sent) => {
    const { port, open, asked } = await start()
    const received = halfClosed(port, sent)
    if (sent.startsWith('GET')) {
      await asked()
      await new Promise((resolve) => setImmediate(resolve))
    }
    open()
    expect(parseAnswer(await received).status).toBe(sent.startsWith('GET') ? 200 : 405)
  })

  it('has the answers to all that it sent at once', async () => {
    const { port, open } = await start()
    open()
    expect(countAnswers(await halfClosed(port, request(own).repeat(3)))).toBe(3)
  })

  it.each([[''], ['GET /secrets'], ['get /secrets']])(
    'is ended at once where it sent no whole request: %j',
    async (sent) => {
      const { port } = await start()
      const received = await halfClosed(port, sent).catch((error: NodeJS.ErrnoException) => error.code)
      expect(['', 'ECONNRESET']).toContain(received)
    },
  )
})
