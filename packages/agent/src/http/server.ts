import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createSocketServer, type Server, type Socket } from 'node:net'
import { SecretsError } from '@keyplane/core'
import type { RequestLimit } from '../guards/request-limit.ts'
import { endWhenIdle, type IdleLimits } from './idle-end.ts'
import { type AgentRequest, type AgentResponse, json } from './messages.ts'
import { PacedConnection } from './paced-connection.ts'
import { type HttpDate, headersOf, responseBytes } from './response-bytes.ts'
import { beyondWireLimits } from './wire-limits.ts'

export interface ServerParts {
  readonly app: (request: AgentRequest) => AgentResponse | Promise<AgentResponse>
  /** The bytes for a plain request for a secret; nothing hands the connection to `node:http` for good. */
  readonly fastPath: (chunk: Buffer) => Buffer | Promise<Buffer> | undefined
  readonly limit: RequestLimit
  readonly date: HttpDate
  readonly onError: (error: unknown) => void
  /** Default: a minute, and five seconds. */
  readonly idle?: IdleLimits
}

const defaultIdle: IdleLimits = Object.freeze({ idleMs: 60_000, lingerMs: 5_000 })
/** Longer chunks than any plain request are not looked at. */
const maxPlainBytes = 4_096
/** Room for the longest target that the AWS agent takes (65,534 bytes) and its headers. */
const maxHeaderBytes = 131_072

/**
 * Two ways over one socket: a plain request for a secret is answered straight from `node:net`; whatever is not plainly
 * that goes to `node:http` untouched, and its connection stays there. Neither reads a connection's next request before the
 * answer to the last has left.
 */
export class AgentServer {
  readonly #parts: ServerParts
  readonly #http: HttpServer
  readonly #listener: Server
  readonly #sockets = new Set<Socket>()
  /** Those of them whose answer has still to come. */
  readonly #waiting = new Set<Socket>()
  /** Connections that came before the agent was ready. */
  #early: Socket[] | undefined = []
  #closing = false

  constructor(parts: ServerParts) {
    this.#parts = parts
    this.#http = httpServer(parts, () => this.#closing)
    this.#listener = createSocketServer({ noDelay: true, pauseOnConnect: true }, (socket) => this.#accept(socket))
  }

  /** Binds; connections wait until `ready`. @throws SecretsError `config_invalid` where the port can't be had. */
  async listen(port: number, host = '127.0.0.1'): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#listener.once('error', (cause: NodeJS.ErrnoException) => reject(cannotBind(host, port, cause)))
      this.#listener.listen(port, host, resolve)
    })
    return (this.#listener.address() as AddressInfo).port
  }

  /** From here on requests are answered, those that wait first. */
  ready(): void {
    const early = this.#early ?? []
    this.#early = undefined
    for (const socket of early) this.#serve(socket)
  }

  /** Takes no more connections, lets running requests end, and cuts what is left after `graceMs`. */
  async close(graceMs = 10_000): Promise<void> {
    this.#closing = true
    const closed = new Promise<void>((resolve) => this.#listener.close(() => resolve()))
    this.#http.closeIdleConnections()
    for (const socket of this.#sockets) if (!this.#waiting.has(socket)) socket.end()
    for (const socket of this.#early ?? []) socket.destroy()
    const cut = setTimeout(() => {
      this.#http.closeAllConnections()
      for (const socket of this.#sockets) socket.destroy()
    }, graceMs)
    await closed
    clearTimeout(cut)
    // Ends its own watch over connections.
    this.#http.close()
  }

  #accept(socket: Socket): void {
    socket.on('error', () => socket.destroy())
    if (this.#early) this.#early.push(socket)
    else this.#serve(socket)
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    let paced: PacedConnection | undefined
    const forget = (): boolean => this.#sockets.delete(socket)
    const onData = (chunk: Buffer): void => {
      const answer = chunk.length <= maxPlainBytes && !this.#closing ? this.#parts.fastPath(chunk) : undefined
      if (answer) {
        if (Buffer.isBuffer(answer)) write(socket, answer)
        else void this.#answerLater(socket, answer)
        return
      }
      socket.removeListener('data', onData)
      socket.removeListener('close', forget)
      forget()
      // For good: what follows may be the rest of this request, or lean on how it was read.
      paced = new PacedConnection(socket, chunk)
      this.#http.emit('connection', paced)
    }
    socket.on('data', onData)
    socket.on('close', forget)
    endWhenIdle(socket, this.#parts.idle ?? defaultIdle, () => paced?.isBusy ?? this.#waiting.has(socket))
    socket.resume()
  }

  /** What follows on the connection waits, so that answers go out in the order of their requests. */
  async #answerLater(socket: Socket, answer: Promise<Buffer>): Promise<void> {
    const { limit, date, onError } = this.#parts
    limit.active += 1
    this.#waiting.add(socket)
    socket.pause()
    const bytes = await answer.catch((error: unknown) => {
      onError(error)
      return responseBytes(internalFailure, date.text)
    })
    limit.active -= 1
    this.#waiting.delete(socket)
    socket.resume()
    if (this.#closing) socket.end(bytes)
    else write(socket, bytes)
  }
}

/** Reads on only when the peer has taken the answer. */
const write = (socket: Socket, bytes: Buffer): void => {
  if (socket.write(bytes)) return
  socket.pause()
  socket.once('drain', () => socket.resume())
}

const httpServer = ({ app, limit, date, onError }: ServerParts, isClosing: () => boolean): HttpServer => {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    limit.active += 1
    const decided = (request.socket as unknown as PacedConnection).begin(response)
    // A body means nothing to the agent; left unread it would block the connection.
    request.resume()
    const asked = asAgentRequest(request)
    const refusal = beyondWireLimits(asked)
    const result = refusal ?? (await run(app, asked, onError))
    // An answer that its peer does not read is no running request.
    limit.active -= 1
    decided()
    if (refusal || isClosing()) response.shouldKeepAlive = false
    send(response, result, date)
  }
  const server = createServer(
    {
      requireHostHeader: false,
      maxHeaderSize: maxHeaderBytes,
    },
    (request, response) => void answer(request, response),
  )
  // All of them, as many as fit: a header that was dropped for being one too many could be one that a guard looks for.
  server.maxHeadersCount = 0
  // Whatever a client expects, the final answer is what it gets, by the same guards.
  for (const event of ['checkContinue', 'checkExpectation'] as const)
    server.on(event, (request: IncomingMessage, response: ServerResponse) => void answer(request, response))
  server.on('connect', (request, socket) => {
    void run(app, asAgentRequest(request), onError).then((response) => socket.end(responseBytes(response, date.text)))
  })
  // The server never listens itself; this starts its watch over requests that arrive too slowly.
  server.emit('listening')
  return server
}

const asAgentRequest = ({ method = '', url = '', rawHeaders }: IncomingMessage): AgentRequest => ({
  method,
  target: url,
  rawHeaders,
})

const internalFailure: AgentResponse = json(500, '{"__type":"InternalFailure"}')

const run = async (
  app: ServerParts['app'],
  request: AgentRequest,
  onError: ServerParts['onError'],
): Promise<AgentResponse> => {
  try {
    return await app(request)
  } catch (error) {
    onError(error)
    return internalFailure
  }
}

const send = (response: ServerResponse, answer: AgentResponse, date: HttpDate): void => {
  response.sendDate = false
  // The AWS agent sends no such headers, and HTTP/1.1 needs none to stay open.
  response.removeHeader('connection')
  response.writeHead(answer.status, headersOf(answer, date.text))
  response.end(answer.body)
}

const cannotBind = (host: string, port: number, cause: NodeJS.ErrnoException): SecretsError => {
  const taken = cause.code === 'EADDRINUSE'
  const why = taken ? 'another program uses that port; stop it, or choose another with http_port' : String(cause.code)
  return new SecretsError('config_invalid', `Could not bind to ${host}:${port}: ${why}.`, {
    cause,
    reason: taken ? 'port_taken' : 'cannot_bind',
  })
}
