import { isUtf8 } from 'node:buffer'
import { createServer, type IncomingMessage, METHODS, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { type AgentRequest, type AgentResponse, text } from '../src/http/messages.ts'
import { headersOf, responseBytes } from '../src/http/response-bytes.ts'
import { beyondWireLimits } from '../src/http/wire-limits.ts'

type App = (request: AgentRequest) => AgentResponse | Promise<AgentResponse>

/** How a connection went. */
export interface OracleRecord {
  /** Heads that were read. */
  requests: number
  hadBody: boolean
  /** Why the rest was refused with 400 or 431. */
  refused?: string
  /** The last request was read, and its own head says nothing of where it ends. */
  isEndless?: boolean
  /** The last request was refused by the limits of the wire, which is answer enough. */
  isBeyondLimits?: boolean
}

/** `Upgrade` in the spelling in which `node:http` thinks nothing of it: else it forgets what follows, and goes deaf. */
export const hideUpgrades = (bytes: Buffer): Buffer =>
  Buffer.from(
    bytes.toString('latin1').replace(/(?<=[\r\n])[Uu](?=pgrade[\t ]*:)/gi, (first) => (first === 'U' ? '~' : '|')),
    'latin1',
  )

const showUpgrades = (rawHeaders: readonly string[]): string[] =>
  rawHeaders.map((said, index) =>
    index % 2 === 0 ? said.replace(/^[~|](?=pgrade$)/i, (first) => (first === '~' ? 'U' : 'u')) : said,
  )

const isUpgrade = (rawHeaders: readonly string[]): boolean =>
  rawHeaders.some((said, index) => index % 2 === 0 && said.toLowerCase() === 'upgrade')

/** A plain `node:http` server over the same app: what it reads is what there is to read. */
export class Oracle {
  readonly #app: App
  readonly #date: string
  readonly #server: Server
  readonly #records = new WeakMap<Socket, OracleRecord>()
  readonly #byPort = new Map<number, OracleRecord>()
  readonly #running = new WeakMap<Socket, Set<Promise<void>>>()
  readonly #last = new WeakMap<Socket, IncomingMessage>()

  constructor(app: App, date: string) {
    this.#app = app
    this.#date = date
    const onRequest = (request: IncomingMessage, response: ServerResponse): void => this.#begin(request, response)
    this.#server = createServer({ requireHostHeader: false, maxHeaderSize: 460_000, noDelay: true }, onRequest)
    this.#server.maxHeadersCount = 0
    // Clients close their side when they have said all; answers go out all the same.
    Object.assign(this.#server, { httpAllowHalfOpen: true })
    this.#server.on('checkContinue', onRequest)
    this.#server.on('checkExpectation', onRequest)
    this.#server.on('connection', (socket: Socket) => this.#connected(socket))
    this.#server.on('connect', (request, socket) => void this.#connect(request, socket as Socket))
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) => void this.#refuse(error, socket as Socket))
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return (this.#server.address() as AddressInfo).port
  }

  /** How the connection from that port went; it is forgotten then. */
  take(port: number): OracleRecord | undefined {
    const record = this.#byPort.get(port)
    this.#byPort.delete(port)
    return record
  }

  /** Its end is not waited for: with connections that broke off at a CONNECT it may never be told. */
  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  #connected(socket: Socket): void {
    const record = { requests: 0, hadBody: false }
    this.#records.set(socket, record)
    this.#running.set(socket, new Set())
    if (socket.remotePort !== undefined) this.#byPort.set(socket.remotePort, record)
    socket.on('error', () => socket.destroy())
  }

  #note(request: IncomingMessage): void {
    const record = this.#records.get(request.socket)
    if (!record) return
    record.requests += 1
    this.#last.set(request.socket, request)
    const { 'content-length': length = '0', 'transfer-encoding': coding } = request.headers
    record.hadBody ||= length !== '0' || coding !== undefined
  }

  #begin(request: IncomingMessage, response: ServerResponse): void {
    this.#note(request)
    const running = this.#running.get(request.socket)
    running?.add(new Promise<void>((resolve) => response.once('close', resolve)))
    void this.#answer(request, response)
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume()
    const { method = '', url: target = '' } = request
    const rawHeaders = showUpgrades(request.rawHeaders)
    const asked = { method, target, rawHeaders }
    const record = this.#records.get(request.socket)
    const refusal = request.httpVersionMajor === 1 ? beyondWireLimits(asked) : text(400, '')
    // The agent's own `node:http` would not tell of a fault behind it, nor could the agent.
    const isLast = refusal !== undefined || (record?.hadBody === true && isUpgrade(rawHeaders))
    if (refusal && record) record.isBeyondLimits = true
    const answer = refusal ?? (await this.#app(asked))
    if (isLast) response.shouldKeepAlive = false
    response.sendDate = false
    response.removeHeader('connection')
    response.writeHead(answer.status, headersOf(answer, this.#date, { isLast }))
    response.end(answer.body)
  }

  async #connect(request: IncomingMessage, socket: Socket): Promise<void> {
    this.#note(request)
    const { method = '', url: target = '' } = request
    const asked = { method, target, rawHeaders: showUpgrades(request.rawHeaders) }
    await this.#answered(socket)
    const answer = beyondWireLimits(asked) ?? (await this.#app(asked))
    socket.end(responseBytes(answer, this.#date, { isLast: true }))
  }

  /** Answers of what was read before go out first. */
  async #refuse({ code = '' }: NodeJS.ErrnoException, socket: Socket): Promise<void> {
    const record = this.#records.get(socket)
    if (record && code === 'HPE_INVALID_TRANSFER_ENCODING' && this.#last.get(socket)?.complete === false)
      record.isEndless = true
    const before = { ...record }
    await this.#answered(socket)
    if (!socket.writable) return
    if (record) Object.assign(record, before, { refused: code })
    socket.end(responseBytes(text(code === 'HPE_HEADER_OVERFLOW' ? 431 : 400, ''), this.#date, { isLast: true }))
  }

  async #answered(socket: Socket): Promise<void> {
    for (const running of this.#running.get(socket) ?? []) await running
  }
}

/** The head that `node:http` refused, as the declared differences of the agent would have it read. */
export interface RepairedHead {
  /** The same, in a spelling that `node:http` takes. */
  readonly bytes: Buffer
  /** As they stood. */
  readonly method: string
  readonly target: string
}

/** The longest head that the agent reads where `node:http` does not. */
export const maxOddHeadBytes = 16_384

/**
 * Spells a refused head anew for `node:http`: CRLF for a bare LF, `PUT` for a method that it does not know (and for `HEAD`,
 * so that the answer's body can be looked at; both are refused alike), escapes for
 * bytes above 127 in the target, and a path that is nowhere for a target that is no path and no URL. Those are all the liberties that the agent takes, for heads without a body. Gives
 * nothing where there is no whole head.
 */
export const repairHead = (stream: Buffer): RepairedHead | 'incomplete' | 'too long' | 'malformed' => {
  const sent = stream.toString('latin1').replace(/^(?:\r?\n)+/, '')
  const end = /\r?\n\r?\n/.exec(sent)
  if ((end?.index ?? sent.length) > maxOddHeadBytes) return 'too long'
  if (!end) return 'incomplete'
  const head = sent.slice(0, end.index).replace(/\r?\n/g, '\r\n')
  const lineEnd = head.indexOf('\r\n')
  const line = lineEnd < 0 ? head : head.slice(0, lineEnd)
  const [, method = '', target = '', version = ''] =
    /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21-\x7e\x80-\xff]+)( HTTP\/1\.[01])$/.exec(line) ?? []
  if (method === '' || !isUtf8(Buffer.from(target, 'latin1'))) return 'malformed'
  const known = METHODS.includes(method) && method !== 'HEAD' ? method : 'PUT'
  const isKnown = method === 'CONNECT' || /^(?:\/|\*$|[a-z]+:\/\/)/i.test(target)
  // Nor is a host with characters that hosts don't have this machine.
  const routed = isKnown ? target.replace(/^([a-z]+:\/\/)(?![\w.:[\]@-]*(?:[/?#]|$))[^/?#]*/i, '$1evil.example') : '/-'
  const escaped = routed.replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`)
  const rest = lineEnd < 0 ? '' : head.slice(lineEnd)
  return { bytes: Buffer.from(`${known} ${escaped}${version}${rest}\r\n\r\n`, 'latin1'), method, target }
}

/** Where the head after `count` whole heads without bodies begins. */
export const headStart = (stream: Buffer, count: number): number => {
  let at = 0
  for (let head = 0; head < count; head += 1) {
    while (stream[at] === 13 || stream[at] === 10) at += 1
    at = stream.indexOf('\r\n\r\n', at) + 4
  }
  return at
}
