import { inspect } from 'node:util'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { type HttpCall, type HttpClient, httpClient } from './http-client.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean()
})

const start = async (answer: (request: IncomingMessage, response: ServerResponse) => void) => {
  const asked: string[] = []
  let connections = 0
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      asked.push(`${request.method} ${request.headers.connection}`)
      answer(request, response)
    })
  }).on('connection', () => {
    connections += 1
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = httpClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    source: 'test',
  })
  cleanups.push(
    () => client.close(),
    () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
  )
  return { asked, client, connections: () => connections }
}

const send = (client: HttpClient, call: Partial<HttpCall> = {}): Promise<unknown> =>
  client.send({ method: 'GET', target: '/', headers: {}, ...call }).then(
    ({ status }) => status,
    (error: unknown) => error,
  )

/** Answers the first request, and cuts the connection of the next one after it was taken. */
const cutsTheSecond = () => {
  let count = 0
  return (request: IncomingMessage, response: ServerResponse): void => {
    count += 1
    if (count === 2) request.socket.resetAndDestroy()
    else response.end()
  }
}

describe('a request', () => {
  it('that reads is sent again where its kept connection dies', async () => {
    const { client, asked } = await start(cutsTheSecond())
    expect([await send(client), await send(client)]).toEqual([200, 200])
    expect(asked).toHaveLength(3)
  })

  it.each([{ method: 'POST' }, { method: 'PUT' }, { method: 'DELETE' }, { repeatable: false }])(
    'that may write is sent once, over a connection of its own: %j',
    async (call) => {
      const { client, asked, connections } = await start(cutsTheSecond())
      await send(client)
      expect(await send(client, call)).toMatchObject({ code: 'unavailable', reason: 'reset' })
      expect(asked).toEqual(['GET keep-alive', `${call.method ?? 'GET'} close`])
      expect(connections()).toBe(2)
    },
  )

  it('that reads by POST may be told to be repeatable', async () => {
    const { client, connections } = await start(cutsTheSecond())
    const call = { method: 'POST', body: '{}', repeatable: true }
    expect([await send(client, call), await send(client, call)]).toEqual([200, 200])
    expect(connections()).toBe(2)
  })

  it.each([{ 'x-token': 'value-canary\n' }, { 'bad name': 'value-canary' }])(
    'with a header that can be none is a mistake, told without its value (%#)',
    async (headers) => {
      const { client, asked } = await start((_, response) => response.end())
      const error = await send(client, { headers })
      expect(error).toMatchObject({ code: 'source_misconfigured', reason: 'header', source: 'test' })
      expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('canary')
      expect(asked).toHaveLength(0)
    },
  )
})
