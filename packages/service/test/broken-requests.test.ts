import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Served, serve } from './serve.ts'

let served: Served
beforeEach(async () => {
  served = await serve()
})
afterEach(() => served.service.close())

/** What the service answers to these bytes, until it ends the connection. */
const answerTo = async (bytes: string): Promise<string> => {
  const { hostname, port } = new URL(served.service.url)
  const socket = connect(Number(port), hostname)
  socket.write(bytes)
  return text(socket)
}

describe('what is no request', () => {
  it.each([
    ['a method that there is not', 'CANARY /healthz HTTP/1.1\r\nhost: a\r\n\r\n', 400],
    ['two lengths', 'POST /v1/sessions HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n', 400],
    ['headers that do not end', `GET /healthz HTTP/1.1\r\nhost: a\r\ncanary: ${'x'.repeat(17_000)}\r\n\r\n`, 431],
  ])('as %s, is answered as all that fails', async (_what, bytes, status) => {
    const [head = '', body = ''] = (await answerTo(bytes)).split('\r\n\r\n')
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(head).toContain('content-type: application/problem+json')
    const problem = JSON.parse(body)
    expect(problem).toMatchObject({ status, code: 'invalid_request' })
    expect(head).toContain(`x-request-id: ${problem.requestId}`)
    expect(head + body).not.toMatch(/canary/i)
  })
})

it('a probe may ask for the head alone', async () => {
  for (const path of ['/healthz', '/readyz']) {
    const answer = await served.get(path, { method: 'HEAD' })
    expect([answer.status, await answer.text()]).toEqual([200, ''])
  }
})
