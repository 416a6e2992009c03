import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** Stands before a server, passes everything on, and says what was asked; it can be gone for a while. */
export class CountingFront {
  readonly #target: () => string
  readonly #server: Server
  #port = 0
  /** Operations of AWS, with the secret asked for, or paths, in order. */
  readonly asked: string[] = []

  constructor(target: () => string) {
    this.#target = target
    this.#server = createServer((request, response) => {
      const answering = this.#passOn(request).then(async (answer) => {
        response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' })
        response.end(await answer.text())
      })
      // Whom it stands before is gone, and so is the connection.
      answering.catch(() => response.destroy())
    })
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** Listens, again at the same port where it did before. */
  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve))
    this.#port = (this.#server.address() as AddressInfo).port
    return this
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }

  async #passOn(request: IncomingMessage): Promise<Response> {
    const body = await text(request)
    const operation = String(request.headers['x-amz-target'] ?? request.url).replace(/^.*\./, '')
    const { SecretId, SecretIdList } = JSON.parse(body || '{}') as { SecretId?: string; SecretIdList?: string[] }
    this.asked.push([operation, SecretId ?? SecretIdList?.join() ?? ''].join(' ').trim())
    const { host: _, connection: __, 'content-length': ___, ...headers } = request.headers
    return fetch(`${this.#target()}${request.url ?? '/'}`, {
      method: request.method ?? 'GET',
      headers: headers as Record<string, string>,
      ...(body !== '' && { body }),
    })
  }
}
