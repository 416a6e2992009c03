import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A call to the Extensions API, as it came. */
export interface ApiCall {
  /** `POST register`, below `/2020-01-01/extension/`. */
  readonly call: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

const identifier = '3b2c7e0e-0000-4000-8000-00000000cafe'

/**
 * Lambda's Extensions API for one extension, as its documentation has it: an extension registers once, by its file name;
 * every later call shows the identifier that it was given; `event/next` is held until there is an event.
 */
export class LambdaDouble {
  readonly calls: ApiCall[] = []
  /** Statuses in place of an answer, by call. */
  faults: Record<string, number> = {}
  readonly #server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += String(chunk)
    })
    request.on('end', () => this.#answer(request, response, body))
  })
  readonly #events: object[] = []
  readonly #watching = new Set<() => void>()
  #waiting: ServerResponse | undefined
  #isRegistered = false

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  invoke(): void {
    const [requestId, deadlineMs] = ['8476a536-e9f4-11e8-9739-2dfe598c3fcd', Date.now() + 30_000]
    this.#send({ eventType: 'INVOKE', deadlineMs, requestId, invokedFunctionArn: 'arn:aws:lambda:x', tracing: {} })
  }

  shutdown(deadlineMs: number): void {
    this.#send({ eventType: 'SHUTDOWN', shutdownReason: 'spindown', deadlineMs })
  }

  /** The calls so far, by what they ask. */
  get sequence(): string[] {
    return this.calls.map(({ call }) => call)
  }

  /** Resolves when so many calls of a kind have come. */
  async came(call: string, times = 1): Promise<void> {
    while (this.sequence.filter((one) => one === call).length < times)
      await new Promise<void>((resolve) => this.#watching.add(resolve))
  }

  #send(event: object): void {
    this.#events.push(event)
    this.#deliver()
  }

  #deliver(): void {
    if (!this.#waiting || this.#events.length === 0) return
    this.#waiting.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(this.#events.shift()))
    this.#waiting = undefined
  }

  #answer(request: IncomingMessage, response: ServerResponse, body: string): void {
    const { headers, method = '', url = '' } = request
    const call = `${method} ${url.replace('/2020-01-01/extension/', '')}`
    this.calls.push({ call, headers, body })
    for (const notice of this.#watching) notice()
    this.#watching.clear()
    const refusal = this.faults[call] ?? this.#refusalOf(call, headers)
    if (refusal !== undefined) return void response.writeHead(refusal).end('{"errorMessage":"no","errorType":"x"}')
    if (call === 'GET event/next') {
      this.#waiting = response
      return this.#deliver()
    }
    this.#isRegistered = true
    const given = call === 'POST register' ? { 'lambda-extension-identifier': identifier } : {}
    response.writeHead(call === 'POST register' ? 200 : 202, given).end('{}')
  }

  #refusalOf(call: string, headers: IncomingMessage['headers']): number | undefined {
    if (call === 'POST register')
      return this.#isRegistered || headers['lambda-extension-name'] === undefined ? 400 : undefined
    const isKnown = ['GET event/next', 'POST init/error', 'POST exit/error'].includes(call)
    if (!isKnown) return 404
    const hasReason = call === 'GET event/next' || headers['lambda-extension-function-error-type'] !== undefined
    return headers['lambda-extension-identifier'] === identifier && hasReason ? undefined : 403
  }
}
