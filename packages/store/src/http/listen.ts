import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '@keyplane/core'
import type { App } from '../app.ts'
import type { AppRequest } from '../protocols/protocol.ts'
import { BodyIntake } from './body-intake.ts'
import { cannotListen } from './cannot-listen.ts'

export interface ListenOptions {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  /** How many listen on the port, this one included. Default: 1, and nobody else can. */
  readonly sharedBy?: number
  readonly app: App
  readonly clock: Clock
  /** Whether the store can answer calls. */
  readonly ready: () => Promise<boolean>
  /** What it has done, as Prometheus reads it. */
  readonly metrics: () => Promise<string>
}

export interface Listening {
  readonly port: number
  /** Takes no new call, and resolves when those under way are answered, or have had their time. */
  close(): Promise<void>
}

/**
 * A value of 65,536 characters, a description of 2,048 and 50 tags of 384, each character escaped as `\u0000`, take
 * 520,704 bytes; there is room for a name and a token beside them.
 */
const maxBodyBytes = 524_288
const bodies = { maxBytes: maxBodyBytes, maxTotalBytes: 16_777_216, maxMs: 10_000 } as const
/** Beyond it, idle connections are closed; beyond that, new ones are refused. */
const manyConnections = 900
const maxConnections = 1_000
const drainMs = 10_000

/** Serves the app over HTTP. @throws SecretsError `unavailable` (`port`) where the port cannot be had. */
export const listen = async ({ host, port, sharedBy = 1, clock, ...parts }: ListenOptions): Promise<Listening> => {
  const intake = new BodyIntake(bodies, clock)
  const server = createServer(timeouts, (request, response) => {
    // The app answers its own failures; what is left is a connection that cannot be answered any longer.
    serve(request, response, { ...parts, intake }).catch(() => response.destroy())
  })
  server.maxHeadersCount = 100
  boundConnections(server, sharedBy)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(cannotListen(host, port, cause)))
    server.listen({ host, port, reusePort: sharedBy > 1 }, resolve)
  })
  return { port: (server.address() as AddressInfo).port, close: () => drain(server) }
}

const timeouts = {
  maxHeaderSize: 16_384,
  requestTimeout: 15_000,
  headersTimeout: 10_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 1_000,
} as const

const boundConnections = (server: Server, sharedBy: number): void => {
  let open = 0
  server.maxConnections = Math.ceil(maxConnections / sharedBy)
  server.on('connection', (socket) => {
    open += 1
    socket.once('close', () => (open -= 1))
    if (open > manyConnections / sharedBy) server.closeIdleConnections()
  })
}

interface Serving extends Pick<ListenOptions, 'app' | 'ready' | 'metrics'> {
  readonly intake: BodyIntake
}

const serve = async (
  request: IncomingMessage,
  response: ServerResponse,
  { app, ready, metrics, intake }: Serving,
): Promise<void> => {
  const { method = '', url = '' } = request
  if (method === 'GET' && url === '/healthz') return plain(response, 200, 'ok')
  if (method === 'GET' && url === '/readyz')
    return (await ready()) ? plain(response, 200, 'ready') : plain(response, 503, 'not ready')
  if (method === 'GET' && url === '/metrics') return plain(response, 200, (await metrics()).trimEnd())
  // A GET is a call only where it is signed in its query.
  const isPresigned = method === 'GET' && /[?&]X-Amz-Signature=/.test(url)
  if (method !== 'POST' && !isPresigned) return plain(response, 405, 'POST only')
  const body = await intake.read(request)
  if (body === 'aborted') return
  if (body === 'too large') return plain(response, 413, `A request has at most ${maxBodyBytes} bytes.`, true)
  if (body === 'given up') return plain(response, 408, 'The body took too long.', true)
  const answer = await app(appRequest(request, body))
  response.writeHead(answer.status, {
    'content-type': answer.contentType,
    'content-length': Buffer.byteLength(answer.body),
    'x-amzn-requestid': answer.requestId,
    'cache-control': 'no-store',
  })
  response.end(answer.body)
}

const appRequest = (
  { method = '', url = '', rawHeaders, headers, socket }: IncomingMessage,
  body: Uint8Array,
): AppRequest => ({
  method,
  target: url,
  // An IPv4 address that came over an IPv6 socket is written as one of IPv4.
  sourceIp: (socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
  rawHeaders,
  header: (name) => {
    const value = headers[name]
    return Array.isArray(value) ? value[0] : value
  },
  body,
})

const plain = (response: ServerResponse, status: number, text: string, close = false): void => {
  response.writeHead(status, { 'content-type': 'text/plain', ...(close && { connection: 'close' }) })
  response.end(`${text}\n`)
}

const drain = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    const late = setTimeout(() => server.closeAllConnections(), drainMs)
    server.close(() => {
      clearTimeout(late)
      resolve()
    })
    server.closeIdleConnections()
  })
