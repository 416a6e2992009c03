import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** One request as it came over the wire. */
export interface Asked {
  readonly method: string
  readonly target: string
  readonly rawHeaders: readonly string[]
  readonly headers: IncomingMessage['headers']
  readonly body: Uint8Array
  readonly text: string
}

export interface Reply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

/** An answer, or a fault: no answer, a cut before one, a cut amid one, bytes that are no HTTP. */
export type Behaviour = Reply | 'hang' | 'reset' | 'truncate' | 'nonsense'

export interface AwsDouble {
  readonly endpoint: string
  readonly asked: readonly Asked[]
  /** Connections taken so far. */
  readonly connections: number
  /** Cuts every connection that is open, idle ones too. */
  cut(): void
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

/** An AWS endpoint on loopback that answers as it is told. */
export const startAwsDouble = async (behave: (asked: Asked) => Behaviour | Promise<Behaviour>): Promise<AwsDouble> => {
  const asked: Asked[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer(async (request, response) => {
    const chunks: Uint8Array[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks)
    const { method = '', url: target = '', rawHeaders, headers } = request
    const one = { method, target, rawHeaders, headers, body, text: body.toString() }
    asked.push(one)
    act(await behave(one), request.socket, response)
  })
  server.on('connection', (socket) => {
    connections += 1
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy()
  }
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    get connections() {
      return connections
    },
    cut,
    stop: () => {
      cut()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
