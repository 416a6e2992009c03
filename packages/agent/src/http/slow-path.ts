import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AgentRequest, type AgentResponse, json, text } from './messages.ts'
import { isHttp2Preface, readOddHead } from './odd-head.ts'
import type { PacedConnection } from './paced-connection.ts'
import { headersOf, responseBytes } from './response-bytes.ts'
import type { ServerParts } from './server-parts.ts'
import { beyondWireLimits } from './wire-limits.ts'

/** The AWS agent takes 450,000 bytes of headers, and no 500,000. */
const maxHeaderBytes = 460_000
/** A head that `node:http` could not read has to be whole by then. */
const oddHeadMs = 60_000

type SlowPathParts = Pick<ServerParts, 'app' | 'limit' | 'date' | 'onError'>

/** `node:http` over connections that are handed to it; it listens nowhere itself. */
export const httpServer = (parts: SlowPathParts, isClosing: () => boolean): Server => {
  const { app, limit, date, onError } = parts
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    limit.active += 1
    const connection = request.socket as unknown as PacedConnection
    const decided = connection.begin(request, response)
    // A body means nothing to the agent; left unread it would block the connection.
    request.resume()
    const asked = asAgentRequest(request, connection)
    // Node takes a request line without a version for HTTP/0.9.
    const refusal = request.httpVersionMajor === 1 ? beyondWireLimits(asked) : text(400, '')
    const result = refusal ?? (await run(app, asked, onError))
    // An answer that its peer does not read is no running request.
    limit.active -= 1
    decided()
    const isLast = refusal !== undefined || isClosing() || connection.isLost
    if (isLast) response.shouldKeepAlive = false
    send(response, result, { date: date.text, isLast })
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
  server.on('checkExpectation', (request, response) => void answer(request, response))
  server.on('checkContinue', (request, response) => {
    // Whether the body still comes is not known. Node.js ends the connection by itself, Bun does not.
    response.shouldKeepAlive = false
    void answer(request, response)
  })
  server.on('connect', (request, socket) => {
    const connection = socket as unknown as PacedConnection
    connection.leave()
    void answerAndEnd(parts, asAgentRequest(request, connection), connection)
  })
  server.on('connection', (socket) => {
    const connection = socket as unknown as PacedConnection
    connection.on('unheard', () => onUnreadable(parts, {}, connection))
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket) =>
    onUnreadable(parts, error, socket as unknown as PacedConnection),
  )
  // The server never listens itself; this starts its watch over requests that arrive too slowly.
  server.emit('listening')
  return server
}

const asAgentRequest = (
  { method = '', url = '', rawHeaders }: IncomingMessage,
  { peer }: PacedConnection,
): AgentRequest => ({ method, target: url, rawHeaders, ...(peer && { peer }) })

/** For what must not happen. */
export const internalFailure: AgentResponse = json(500, '{"__type":"InternalFailure"}')

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

const send = (
  response: ServerResponse,
  answer: AgentResponse,
  { date, isLast }: { readonly date: string; readonly isLast: boolean },
): void => {
  response.sendDate = false
  // The AWS agent sends no such header, but with what its parser refuses; HTTP/1.1 needs none to stay open.
  response.removeHeader('connection')
  response.writeHead(answer.status, headersOf(answer, date, { isLast }))
  response.end(answer.body)
}

const answerAndEnd = async (
  { app, limit, date, onError }: SlowPathParts,
  request: AgentRequest,
  connection: PacedConnection,
): Promise<void> => {
  limit.active += 1
  const response = beyondWireLimits(request) ?? (await run(app, request, onError))
  limit.active -= 1
  const bytes = lastBytes(response, date.text)
  connection.endWith(request.method === 'HEAD' ? bytes.subarray(0, bytes.indexOf('\r\n\r\n') + 4) : bytes)
}

const lastBytes = (response: AgentResponse, date: string): Buffer => responseBytes(response, date, { isLast: true })

/** Statuses that the AWS agent's parser gives where it gives up; else 400. */
const refusals: Readonly<Record<string, number>> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 }

/** The AWS agent's parser takes more than Node's: what it would take is answered all the same, and the connection ends. */
const onUnreadable = (
  parts: SlowPathParts,
  { code = '' }: { readonly code?: string | undefined },
  connection: PacedConnection,
): void => {
  if (!connection.writable || connection.isAnswered) return
  // That its body is late takes no answer from a request.
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT' && connection.isBusy) return
  const refuse = (status: number): void => connection.endWith(lastBytes(text(status, ''), parts.date.text))
  const refusal = refusals[code]
  if (refusal !== undefined) return refuse(refusal)
  let isDone = false
  const late = setTimeout(() => connection.destroy(), oddHeadMs)
  connection.once('close', () => clearTimeout(late))
  const onBytes = (bytes: Buffer): void => {
    if (isDone) return
    const head = readOddHead(bytes)
    if (head === 'incomplete') return
    isDone = true
    if (isHttp2Preface(bytes)) connection.destroy()
    else if (head === 'too long') refuse(431)
    else if (head === 'malformed') refuse(400)
    else void answerAndEnd(parts, { ...head, ...(connection.peer && { peer: connection.peer }) }, connection)
  }
  const onEnd = (): void => {
    if (!isDone) connection.destroy()
  }
  if (!connection.takeHead({ onBytes, onEnd })) refuse(400)
}
