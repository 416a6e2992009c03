import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { readOddHead } from '../src/http/odd-head.ts'
import { startTestAgent } from './start-test-agent.ts'
import { token } from './token.ts'
import { type Answer, exchange, parseAnswer } from './wire.ts'

const start = async (options: Parameters<typeof startTestAgent>[0] = {}) => {
  const started = await startTestAgent(options)
  const send = async (...chunks: readonly string[]): Promise<string> =>
    exchange(
      started.port,
      chunks.map((chunk) => Buffer.from(chunk, 'latin1')),
      { answers: 1 },
    )
  const ask = async (...chunks: readonly string[]): Promise<Answer> => parseAnswer(await send(...chunks))
  return { ...started, send, ask }
}

const shown = `X-Vault-Token: ${token}\r\n`
const get = '/secretsmanager/get?secretId=MyTest'

describe('a method', () => {
  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'get', 'Get', 'FOO', 'GETS', '!'])(
    '%s is refused like any other than GET, after the token',
    async (method) => {
      const { ask } = await start()
      expect(await ask(`${method} ${get} HTTP/1.1\r\n${shown}\r\n`)).toMatchObject({ status: 405, body: 'Not allowed' })
      expect(await ask(`${method} ${get} HTTP/1.1\r\n\r\n`)).toMatchObject({ status: 403, body: 'Bad Token' })
      expect(await ask(`${method} ${get} HTTP/1.1\r\n${shown}X-Forwarded-For: 1\r\n\r\n`)).toMatchObject({
        status: 403,
        body: 'Forwarded',
      })
    },
  )

  it.each(['OPTIONS * HTTP/1.1', 'options * HTTP/1.1', 'CONNECT localhost:1 HTTP/1.1', 'POST /ping HTTP/1.1'])(
    'of %s is refused too',
    async (line) => {
      const { ask } = await start()
      expect(await ask(`${line}\r\n${shown}\r\n`)).toMatchObject({ status: 405, body: 'Not allowed' })
    },
  )

  it('HEAD is answered without a body, whose length is told', async () => {
    const { send } = await start()
    const received = await send(`HEAD ${get} HTTP/1.1\r\n${shown}Connection: close\r\n\r\n`)
    expect(received).toMatch(/^HTTP\/1\.1 405 [^]*\r\ncontent-length: 11\r\n[^]*\r\n\r\n$/)
  })
})

describe('a request that another parser might refuse', () => {
  it.each([
    ['bare line feeds', `GET ${get} HTTP/1.1\nHost: localhost\n${shown.replace('\r', '')}\n`],
    ['line ends of both kinds', `GET ${get} HTTP/1.1\r\nHost: localhost\n${shown}\n`],
    ['empty lines before it', `\r\n\r\nGET ${get} HTTP/1.1\r\n${shown}\r\n`],
    ['no Host', `GET ${get} HTTP/1.1\r\n${shown}\r\n`],
    ['HTTP/1.0', `GET ${get} HTTP/1.0\r\n${shown}\r\n`],
    ['a body', `GET ${get} HTTP/1.1\r\n${shown}Content-Length: 3\r\n\r\nabc`],
    ['a chunked body', `GET ${get} HTTP/1.1\r\n${shown}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`],
    ['an expectation', `GET ${get} HTTP/1.1\r\n${shown}Expect: 100-continue\r\nContent-Length: 3\r\n\r\n`],
    [
      'a header in another case',
      `GET ${get} HTTP/1.1\r\n${shown.toUpperCase().replace(token.toUpperCase(), token)}\r\n`,
    ],
    ['the other header', `GET ${get} HTTP/1.1\r\nx-aWS-parameters-secrets-TOKEN: ${token}\r\n\r\n`],
    ['blanks around the token', `GET ${get} HTTP/1.1\r\nX-Vault-Token: \t ${token} \t\r\n\r\n`],
  ])('is answered: %s', async (_what, request) => {
    const { ask } = await start()
    expect((await ask(request)).status).toBe(200)
    const middle = Math.floor(request.length / 2)
    expect((await ask(request.slice(0, middle), request.slice(middle))).status).toBe(200)
  })

  it('is answered with raw bytes in its target, read as the UTF-8 that they are', async () => {
    const { ask, source } = await start()
    await ask(`GET /v1/caf\xc3\xa9 HTTP/1.1\r\n${shown}\r\n`)
    expect(source.asked).toEqual(['caf%C3%A9'])
  })

  it.each([
    ['no request line', 'hello\r\n\r\n'],
    ['no version', `GET ${get}\r\n\r\n`],
    ['another version', `GET ${get} HTTP/1.2\r\n${shown}\r\n`],
    ['a version in lower case', `GET ${get} http/1.1\r\n${shown}\r\n`],
    ['a blank in the target', `GET /v1/a b HTTP/1.1\r\n${shown}\r\n`],
    ['a blank before a colon', `GET ${get} HTTP/1.1\r\nX-Vault-Token : ${token}\r\n\r\n`],
    ['a folded header', `GET ${get} HTTP/1.1\r\nX-Vault-Token:\r\n ${token}\r\n\r\n`],
    ['a header without a name', `GET ${get} HTTP/1.1\r\n: x\r\n${shown}\r\n`],
    ['raw bytes that are no UTF-8 in the target', `GET /v1/caf\xe9 HTTP/1.1\r\n${shown}\r\n`],
    ['a NUL', `GET ${get} HTTP/1.1\r\n${shown}A: \0\r\n\r\n`],
    ['a bare carriage return', `GET ${get} HTTP/1.1\r\n${shown}A: b\rX-B: c\r\n\r\n`],
    ['two lengths', `GET ${get} HTTP/1.1\r\n${shown}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`],
    ['a length and chunks', `GET ${get} HTTP/1.1\r\n${shown}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`],
    ['an unknown method with a body', `FOO ${get} HTTP/1.1\r\n${shown}Content-Length: 1\r\n\r\nx`],
    ['the hello of TLS', '\x16\x03\x01\x02\x00\x01\x00\x01'],
  ])('is refused with 400, an empty body and the end of the connection: %s', async (_what, request) => {
    const { port } = await start()
    const received = await exchange(port, [Buffer.from(request, 'latin1')], {})
    expect(received).toMatch(/^HTTP\/1\.1 400 [^]*\r\ncontent-length: 0\r\n[^]*\r\nconnection: close\r\n\r\n$/)
  })

  it('is the beginning of HTTP/2: the connection ends without a byte', async () => {
    const { port } = await start()
    expect(await exchange(port, ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'], {})).toBe('')
  })

  it('is the connection’s last one', async () => {
    const { port } = await start()
    const received = await exchange(port, [`get /ping HTTP/1.1\r\n\r\nGET /ping HTTP/1.1\r\n\r\n`], {})
    expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 405'])
    expect(received).toContain('\r\nconnection: close\r\n')
  })

  it('is not looked for behind a body, where nobody knows where it begins', async () => {
    const { port } = await start()
    const received = await exchange(
      port,
      [`POST /ping HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello`, `FOO /ping HTTP/1.1\r\n\r\n`],
      {},
    )
    expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 405', 'HTTP/1.1 400'])
  })

  it('counts among the running ones', async () => {
    const { ask, source } = await start({ toml: 'max_conn = 1' })
    let release = (): void => {}
    source.gate = new Promise((resolve) => {
      release = resolve
    })
    const first = ask(`GET ${get} HTTP/1.1\n${shown.replace('\r', '')}\n`)
    await expect.poll(() => source.reads).toBe(1)
    expect(await ask(`GET ${get} HTTP/1.1\n${shown.replace('\r', '')}\n`)).toMatchObject({ status: 429 })
    release()
    expect((await first).status).toBe(200)
  })

  it('is refused with 431 where its head is longer than 16 KiB, in one piece or in many', async () => {
    const { ask, port } = await start()
    const long = `FOO /ping HTTP/1.1\r\nA: ${'x'.repeat(17_000)}\r\n`
    expect((await ask(`${long}\r\n`)).status).toBe(431)
    expect(parseAnswer(await exchange(port, [long.slice(0, 100), long.slice(100)], {})).status).toBe(431)
  })

  // What came after the answer was kept, as long as the peer went on sending.
  it.each([
    ['after an answer', 'FOO /ping HTTP/1.1\r\n\r\n'],
    ['after a refusal', 'GET /ping\0\r\n\r\n'],
    ['after CONNECT', 'CONNECT a:1 HTTP/1.1\r\n\r\n'],
  ])('is cut although its peer goes on sending: %s', async (_what, request) => {
    const { port } = await start()
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
    })
    socket.on('error', () => {})
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.write(request)
    const more = setInterval(() => socket.write('more\r\n\r\n'), 20)
    await closed
    clearInterval(more)
    expect(received).toMatch(/^HTTP\/1\.1 40[035] /)
    expect(received.match(/HTTP\/1\.1/g)).toHaveLength(1)
  })

  it('that declares no bytes is answered as one without a body, and one that says so twice is not', async () => {
    const { port } = await startTestAgent()
    const none = 'Content-Length: 0\r\n'
    expect(await exchange(port, [`LIST ${get} HTTP/1.1\r\n${shown}${none}\r\n`], {})).toMatch(/^HTTP\/1\.1 405 /)
    const behind = await exchange(
      port,
      [`PUT ${get} HTTP/1.1\r\n${shown}${none}\r\n`, `LIST ${get} HTTP/1.1\r\n${shown}${none}\r\n`],
      {},
    )
    expect(behind.match(/HTTP\/1\.1 405/g)).toHaveLength(2)
    for (const framing of [`${none}${none}`, 'Content-Length: 00\r\n', `${none}Transfer-Encoding: chunked\r\n`])
      expect(await exchange(port, [`LIST ${get} HTTP/1.1\r\n${shown}${framing}\r\n`], {})).toMatch(/^HTTP\/1\.1 400 /)
  })

  it('that never ends does not keep the agent from its end', async () => {
    const { agent, port } = await startTestAgent()
    const waiting = exchange(port, ['FOO / HTTP/1.1\r\n'], {})
    await exchange(port, ['GET /ping HTTP/1.1\r\n\r\n'], { answers: 1 })
    await agent.close(50)
    expect(await waiting).toBe('')
  })

  it('is read the same, wherever the network cut it', () => {
    const whole = Buffer.from(`foo /a HTTP/1.1\nA: b\r\nC:d \n\n`)
    for (let length = 0; length < whole.length; length += 1)
      expect(readOddHead(whole.subarray(0, length)), String(length)).toBe('incomplete')
    expect(readOddHead(whole)).toEqual({ method: 'foo', target: '/a', rawHeaders: ['A', 'b', 'C', 'd'] })
  })
})
