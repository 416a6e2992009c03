import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** One request as it came over the wire. */
export interface Asked {
  readonly method: string
  readonly target: string
  readonly rawHeaders: readonly string[]
  readonly headers: IncomingMessage['headers']
  readonly body: Uint8Array
}

/** An answer, or a fault: no answer, a cut before one, a cut amid one, bytes that are no HTTP. */
export type Behaviour =
  | {
      readonly status?: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string | Uint8Array
    }
  | 'hang'
  | 'reset'
  | 'truncate'
  | 'nonsense'

export interface HttpDouble {
  readonly endpoint: string
  readonly asked: readonly Asked[]
  /** Set, it answers in place of what the double was started with. */
  fault: Behaviour | undefined
  stop(): Promise<void>
}

const act = (behaviour: Behaviour, socket: Socket, response: ServerResponse): void => {
  if (behaviour === 'hang') return
  if (behaviour === 'reset') return void socket.resetAndDestroy()
  if (behaviour === 'nonsense') return void socket.end('SSH-2.0-OpenSSH_9.2\r\n')
  if (behaviour === 'truncate') {
    response.writeHead(200, { 'content-length': '1000' })
    response.write('{"ARN":', () => socket.resetAndDestroy())
    return
  }
  response.writeHead(behaviour.status ?? 200, behaviour.headers)
  response.end(behaviour.body)
}

/** A server on loopback that answers as it is told, faults included. */
export const startHttpDouble = async (behave: (asked: Asked) => Behaviour): Promise<HttpDouble> => {
  const asked: Asked[] = []
  const sockets = new Set<Socket>()
  const server = createServer(async (request, response) => {
    const chunks: Uint8Array[] = []
    for await (const chunk of request) chunks.push(chunk)
    const { method = '', url: target = '', rawHeaders, headers } = request
    const one = { method, target, rawHeaders, headers, body: Buffer.concat(chunks) }
    asked.push(one)
    act(double.fault ?? behave(one), request.socket, response)
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const double: HttpDouble = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    fault: undefined,
    stop: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
  return double
}
