import { connect, type Socket } from 'node:net'
import { fakeClock } from '@keyplane/testkit'
import { afterEach, describe, expect, it } from 'vitest'
import { RequestLimit } from '../src/guards/request-limit.ts'
import type { IdleLimits } from '../src/http/idle-end.ts'
import { text } from '../src/http/messages.ts'
import { HttpDate } from '../src/http/response-bytes.ts'
import { AgentServer } from '../src/http/server.ts'
import { startTestAgent as start } from './start-test-agent.ts'
import { token } from './token.ts'
import { exchange, parseAnswer } from './wire.ts'

const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

const read = (id: string): string =>
  `GET /secretsmanager/get?secretId=${id} HTTP/1.1\r\nX-Vault-Token: ${token}\r\n\r\n`

/** A client that writes and never reads. */
const unreading = (port: number): Socket => {
  const socket = connect({ port, host: '127.0.0.1' })
  sockets.push(socket)
  socket.on('error', () => {})
  return socket.pause()
}

/** Writes until the agent takes no more of it for a while; gives how many requests that were. */
const flood = async (socket: Socket, request: string): Promise<number> => {
  const bytes = Buffer.from(request.repeat(1_000))
  let batches = 0
  for (let taken = true; taken && batches < 2_000; batches += 1)
    taken = await new Promise<boolean>((resolve) => {
      const full = setTimeout(() => resolve(false), 1_000)
      socket.write(bytes, () => {
        clearTimeout(full)
        resolve(true)
      })
    })
  return batches * 1_000
}

describe('a client that sends requests and never reads the answers', () => {
  // Unread answers counted as running requests: one connection without a token kept everybody else out.
  it('keeps nobody else out, and is not read without end', { timeout: 60_000 }, async () => {
    const { port } = await start({ toml: 'max_conn = 1' })
    const sent = await flood(unreading(port), 'GET /v1/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
    expect(sent).toBeLessThan(1_000_000)
    for (const request of [read('MyTest'), 'GET /ping HTTP/1.1\r\n\r\n'])
      expect(parseAnswer(await exchange(port, [request], { answers: 1 })).status).toBe(200)
  })

  it('is cut once it has not read for the time that an idle connection has', { timeout: 60_000 }, async () => {
    const { server, port } = await startServer({ idleMs: 50, lingerMs: 50 })
    await flood(unreading(port), 'GET / HTTP/1.1\r\n\r\n')
    // Closing waits for every connection; this one would hold it for an hour.
    await server.close(3_600_000)
  })
})

describe('requests that follow one another without a wait', () => {
  it('are answered each, though the client sends nothing more and reads late', async () => {
    const { port } = await start()
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    sockets.push(socket)
    socket.pause().end(read('MyTest').repeat(300))
    await new Promise((resolve) => setTimeout(resolve, 500))
    let received = ''
    for await (const chunk of socket) received += String(chunk)
    expect(received.match(/HTTP\/1\.1 200/g)?.length).toBe(300)
  })

  it('are answered each, in their order', async () => {
    const { port } = await start({ toml: 'max_conn = 1' })
    const requests = Array.from({ length: 300 }, (_, index) => read(index % 2 === 0 ? 'MyTest' : 'Nope')).join('')
    const received = await exchange(port, [requests], { answers: 300 })
    const statuses = received.match(/HTTP\/1\.1 \d+/g)?.map((line) => Number(line.slice(-3)))
    expect(statuses).toEqual(Array.from({ length: 300 }, (_, index) => (index % 2 === 0 ? 200 : 400)))
  })

  it('are begun only when the one before has its answer', async () => {
    const { source, port } = await start()
    let release = (): void => {}
    source.gate = new Promise((resolve) => {
      release = resolve
    })
    const received = exchange(port, [read('One') + read('Two')], { answers: 2 })
    await expect.poll(() => source.reads).toBe(1)
    await exchange(port, ['GET /ping HTTP/1.1\r\n\r\n'], { answers: 1 })
    expect(source.reads).toBe(1)
    release()
    await received
    expect(source.reads).toBe(2)
  })

  it('let other connections have their turn between them', async () => {
    let inTurn = 0
    let most = 0
    const { server, port } = await startServer({ idleMs: 10_000, lingerMs: 50 }, undefined, () => {
      most = Math.max(most, (inTurn += 1))
    })
    let counting = true
    const nextTurn = (): void => {
      inTurn = 0
      if (counting) setImmediate(nextTurn)
    }
    nextTurn()
    await exchange(port, ['GET / HTTP/1.1\r\n\r\n'.repeat(1_000)], { answers: 1_000 })
    counting = false
    expect(most).toBeLessThanOrEqual(2)
    await server.close(0)
  })

  it('may be cut anywhere by the network', async () => {
    const { port } = await start()
    const body = 'POST /ping HTTP/1.1\r\nContent-Length: 4\r\n\r\n\r\n\r\n'
    const stream = `${body}GET /ping HTTP/1.1\r\n\r\n`
    for (let at = 1; at < stream.length; at += 1) {
      const received = await exchange(port, [stream.slice(0, at), stream.slice(at)], { answers: 2 })
      expect(received.match(/HTTP\/1\.1 \d+/g), String(at)).toEqual(['HTTP/1.1 405', 'HTTP/1.1 200'])
    }
  })
})

const startServer = async (idle: IdleLimits, made?: Promise<void>, onRequest = (): void => {}) => {
  const server = new AgentServer({
    app: async () => {
      onRequest()
      await made
      return text(200, `${'x'.repeat(1_000)}answer`)
    },
    fastPath: (chunk) => {
      if (chunk.toString() !== 'fast') return undefined
      const answer = Buffer.from('answer')
      return made ? made.then(() => answer) : answer
    },
    limit: new RequestLimit(1),
    date: new HttpDate(fakeClock()),
    onError: (error) => {
      throw error
    },
    idle,
  })
  const port = await server.listen(0)
  server.ready()
  return { server, port }
}

describe('an idle connection', () => {
  // Only a FIN was sent: a peer that never closes its side kept the connection for ever.
  it.each([
    ['fresh', ''],
    ['on the fast path', 'fast'],
    ['with node:http', 'GET / HTTP/1.1\r\n\r\n'],
    ['in the middle of a request', 'GET / HT'],
  ])('%s is freed even if its peer never closes', async (_where, bytes) => {
    const { server, port } = await startServer({ idleMs: 50, lingerMs: 50 })
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    sockets.push(socket)
    let ended = false
    socket.on('end', () => {
      ended = true
    })
    socket.resume()
    if (bytes) socket.write(bytes)
    await expect.poll(() => ended).toBe(true)
    await server.close(3_600_000)
  })

  it.each(['fast', 'GET / HTTP/1.1\r\n\r\n'])('is not one whose answer is being made: %j', async (bytes) => {
    const made = new Promise<void>((resolve) => setTimeout(resolve, 300))
    const { server, port } = await startServer({ idleMs: 20, lingerMs: 20 }, made)
    expect(await exchange(port, [bytes], {})).toMatch(/answer$/)
    await server.close(0)
  })
})
