import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { App } from '../app.ts'
import type { AppRequest } from '../protocol.ts'
import { readBody } from './read-body.ts'

export interface ListenOptions {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  readonly app: App
  /** Whether the store can answer calls. */
  readonly ready: () => Promise<boolean>
}

export interface Listening {
  readonly port: number
  /** Takes no new call, and resolves when those under way are answered, or have had their time. */
  close(): Promise<void>
}

/** A value of 65,536 characters, each escaped as `\u0000`, and room for everything else that a call may say. */
const maxBodyBytes = 1_048_576
const drainMs = 10_000

/** Serves the app over HTTP. */
export const listen = async ({ host, port, app, ready }: ListenOptions): Promise<Listening> => {
  const server = createServer(
    { maxHeaderSize: 16_384, requestTimeout: 30_000, headersTimeout: 10_000, keepAliveTimeout: 65_000 },
    (request, response) => {
      // The app answers its own failures; what is left is a connection that cannot be answered any longer.
      serve(request, response, app, ready).catch(() => response.destroy())
    },
  )
  server.maxHeadersCount = 100
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  return { port: (server.address() as AddressInfo).port, close: () => drain(server) }
}

const serve = async (
  request: IncomingMessage,
  response: ServerResponse,
  app: App,
  ready: () => Promise<boolean>,
): Promise<void> => {
  const { method = '', url = '' } = request
  if (method === 'GET' && url === '/healthz') return plain(response, 200, 'ok')
  if (method === 'GET' && url === '/readyz')
    return (await ready()) ? plain(response, 200, 'ready') : plain(response, 503, 'not ready')
  if (method !== 'POST') return plain(response, 405, 'POST only')
  const body = await readBody(request, maxBodyBytes)
  if (body === 'aborted') return
  if (body === 'too large') return plain(response, 413, `A request has at most ${maxBodyBytes} bytes.`, true)
  const answer = await app(appRequest(request, body))
  response.writeHead(answer.status, {
    'content-type': answer.contentType,
    'content-length': Buffer.byteLength(answer.body),
    'x-amzn-requestid': answer.requestId,
    'cache-control': 'no-store',
  })
  response.end(answer.body)
}

const appRequest = ({ method = '', url = '', rawHeaders, headers }: IncomingMessage, body: Uint8Array): AppRequest => ({
  method,
  target: url,
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
