import { createServer, type IncomingMessage } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'

export interface Question {
  readonly method: string
  readonly url: URL
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: object
  /** In place of `json`. */
  readonly text?: string
}

export interface RunningServer {
  readonly port: number
  stop(): Promise<void>
}

/** A server on loopback, on a free port, over TLS where it is given a key. */
export const startServer = async (
  answer: (question: Question) => Promise<Answer>,
  tls?: { readonly key: string; readonly cert: string },
): Promise<RunningServer> => {
  const sockets = new Set<Socket>()
  const server = tls ? createTlsServer(tls) : createServer()
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => {})))
  server.on('request', async (request, response) => {
    const chunks: Uint8Array[] = []
    for await (const chunk of request) chunks.push(chunk)
    const { method = '', url = '/', headers } = request
    const body = Buffer.concat(chunks).toString()
    const told = await answer({ method, url: new URL(url, 'http://double'), headers, body })
    response.writeHead(told.status, { 'content-type': 'application/json; charset=utf-8', ...told.headers })
    response.end(told.text ?? (told.json ? JSON.stringify(told.json) : ''))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    stop: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
