import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { startTestAgent } from './start-test-agent.ts'
import { token } from './token.ts'
import { countAnswers, parseAnswer } from './wire.ts'

const request = (id: string, ...headers: readonly string[]): string =>
  [
    `GET /secretsmanager/get?secretId=${id} HTTP/1.1`,
    'Host: localhost',
    `X-Vault-Token: ${token}`,
    ...headers,
    '',
    '',
  ].join('\r\n')

const answered = async (socket: Socket): Promise<string> => {
  let received = ''
  while (countAnswers(received) < 1) received += String((await once(socket, 'data'))[0])
  return received
}

const opened = async (port: number): Promise<Socket> => {
  const socket = connect({ port, host: '127.0.0.1' })
  await once(socket, 'connect')
  return socket
}

describe('the end of the agent', () => {
  // A client under load had sent its next request before it could know: its connection was reset.
  it.each([
    ['fast', []],
    ['slow', ['Accept: text/plain']],
  ])('answers what was on its way, with connection: close (%s path)', async (_path, headers) => {
    const { agent, port } = await startTestAgent()
    const socket = await opened(port)
    socket.write(request('MyTest', ...headers))
    expect(parseAnswer(await answered(socket)).headers['connection']).toBeUndefined()
    const ended = once(socket, 'end')
    socket.write(request('MyTest', ...headers))
    const closed = agent.close()
    expect(parseAnswer(await answered(socket))).toMatchObject({ status: 200, headers: { connection: 'close' } })
    await ended
    await closed
  })

  it('says connection: close in the answer that somebody waits for', async () => {
    const { agent, port, source } = await startTestAgent()
    let open = (): void => {}
    source.gate = new Promise((resolve) => {
      open = resolve
    })
    const socket = await opened(port)
    socket.write(request('MyTest'))
    while (source.reads === 0) await new Promise((resolve) => setImmediate(resolve))
    const closed = agent.close()
    open()
    expect(parseAnswer(await answered(socket))).toMatchObject({ status: 200, headers: { connection: 'close' } })
    await closed
  })

  it('ends a connection on which nothing comes, and waits no longer than that', async () => {
    const { agent, port } = await startTestAgent()
    const socket = await opened(port)
    socket.write(request('MyTest'))
    await answered(socket)
    const ended = once(socket, 'end')
    await agent.close()
    await ended
  })
})
