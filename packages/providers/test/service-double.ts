import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { ErrorCode, SecretValue } from '@keyplane/core'
import {
  type ConfiguredSecret,
  encodeChange,
  encodeServiceError,
  encodeToolConfiguration,
  httpStatus,
  type ServiceChange,
} from '@keyplane/protocol'

/** A request as it came. */
export interface AskedOfService {
  readonly target: string
  readonly headers: IncomingMessage['headers']
}

/**
 * As much of the configuration service as the service provider asks of it: one environment, `production`, and its tools.
 * A tool that begins with `DENIED` refuses the caller, a secret that holds it is refused by its source.
 */
export class ServiceDouble {
  readonly #tools = new Map<string, Map<string, ConfiguredSecret>>()
  readonly #sockets = new Set<Socket>()
  readonly #readers = new Set<ServerResponse>()
  readonly #log: { readonly id: number; readonly text: string }[] = []
  readonly #server = createServer((request, response) => this.#answer(request, response))
  readonly asked: AskedOfService[] = []
  token = 'token-of-this-test'
  /** Set, it is answered to whatever is asked. */
  fault: { readonly status: number; readonly body?: string; readonly headers?: Record<string, string> } | undefined
  /** The oldest event that is still known; a reader behind it is told to resync. */
  forgottenUpTo = 0
  /** What a stream begins with. */
  greeting = ''

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get readers(): number {
    return this.#readers.size
  }

  add(tool: string, secret: string, value: SecretValue, facts: Partial<ConfiguredSecret> = {}): void {
    const secrets = this.#tools.get(tool) ?? new Map<string, ConfiguredSecret>()
    this.#tools.set(tool, secrets.set(secret, { value, ageMs: 0, stale: false, ...facts }))
  }

  async start(): Promise<this> {
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      socket.on('error', () => {})
    })
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return this
  }

  stop(): Promise<void> {
    this.cut()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }

  /** Cuts every connection. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  /** Tells every reader, and keeps it for those who come back. */
  tell(change: ServiceChange): void {
    const id = this.#log.length + 1
    const text = encodeChange(change, String(id))
    this.#log.push({ id, text })
    for (const reader of this.#readers) reader.write(text)
  }

  /** Says something that is no event of its own making. */
  say(text: string): void {
    for (const reader of this.#readers) reader.write(text)
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { url: target = '', headers } = request
    this.asked.push({ target, headers })
    const refuse = (code: ErrorCode, message: string): void =>
      void response.writeHead(httpStatus[code]).end(encodeServiceError({ code, message }))
    if (this.fault) return void response.writeHead(this.fault.status, this.fault.headers).end(this.fault.body)
    if (headers.authorization !== `Bearer ${this.token}`) return refuse('unauthenticated', 'The token is not known.')
    if (target === '/v1/events?environment=production')
      return this.#stream(headers['last-event-id']?.toString(), response)
    const [, tool = ''] = /^\/v1\/environments\/production\/tools\/([^/]+)\/configuration$/.exec(target) ?? []
    const name = decodeURIComponent(tool)
    if (name.startsWith('DENIED')) return refuse('access_denied', 'You may not.')
    const secrets = this.#tools.get(name)
    if (!secrets) return refuse('secret_not_found', `There is no tool ${JSON.stringify(name)}.`)
    response.end(this.#configuration(name, secrets))
  }

  #configuration(tool: string, secrets: ReadonlyMap<string, ConfiguredSecret>): string {
    const denied = [{ secret: 'DENIED', code: 'access_denied' as const }]
    const facts = { tool, environment: 'production', status: 'incomplete' as const, settings: {}, missing: ['GONE'] }
    return encodeToolConfiguration({ ...facts, secrets, errors: denied })
  }

  #stream(lastEventId: string | undefined, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(`: hello\n\n${this.greeting}`)
    const after = lastEventId === undefined ? this.#log.length : Number(lastEventId)
    if (after < this.forgottenUpTo) response.write(encodeChange({ kind: 'resync' }, String(this.#log.length)))
    else for (const { id, text } of this.#log) if (id > after) response.write(text)
    this.#readers.add(response)
    response.on('close', () => this.#readers.delete(response))
  }
}
