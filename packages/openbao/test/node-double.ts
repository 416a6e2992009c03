import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

export interface Asked {
  readonly method: string
  readonly target: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface NodeDouble {
  readonly endpoint: string
  readonly asked: readonly Asked[]
  answer: (asked: Asked) => Answer | 'hang' | 'reset'
  /** `METHOD target` of everything asked. */
  readonly lines: readonly string[]
  stop(): Promise<void>
}

/** A server on loopback that answers as it is told. */
export const startNodeDouble = async (answer: NodeDouble['answer']): Promise<NodeDouble> => {
  const asked: Asked[] = []
  const sockets = new Set<Socket>()
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const one = { method: request.method ?? '', target: request.url ?? '', headers: request.headers, body }
    asked.push(one)
    const given = double.answer(one)
    if (given === 'hang') return
    if (given === 'reset') return void request.socket.resetAndDestroy()
    response.writeHead(given.status ?? 200, { 'content-type': 'application/json', ...given.headers })
    response.end(given.body)
  })
  server.on('connection', (socket) => {
    sockets.add(socket.on('error', () => undefined).on('close', () => sockets.delete(socket)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const double: NodeDouble = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    answer,
    get lines() {
      return asked.map(({ method, target }) => `${method} ${target}`)
    },
    stop: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
  return double
}

/** Answers as OpenBao 2.7.2 was seen to give them, values apart. */
export const recorded = {
  read: (value: string, version = 1): Answer => ({
    body: JSON.stringify({
      request_id: '6f81776c-4700-a983-24f6-9d4ceef24a7a',
      lease_id: '',
      renewable: false,
      lease_duration: 0,
      data: {
        data: { value },
        metadata: {
          created_time: '2026-11-22T03:50:12.147214745Z',
          custom_metadata: null,
          deletion_time: '',
          destroyed: false,
          version,
        },
      },
      wrap_info: null,
      warnings: null,
      auth: null,
    }),
  }),
  login: (token: string, lease_duration = 600): Answer => ({
    body: JSON.stringify({
      request_id: 'f9441339-65c7-4cf8-ad90-fca620546478',
      data: null,
      wrap_info: null,
      warnings: null,
      auth: {
        client_token: token,
        accessor: 'PbbDPwwOW8NhSdWmupczTjf4',
        policies: ['default'],
        lease_duration,
        renewable: true,
        token_type: 'service',
        num_uses: 0,
      },
    }),
  }),
  noCluster: { body: '{"ha_enabled":false}' } satisfies Answer,
  follower: (leader: string): Answer => ({
    body: JSON.stringify({ ha_enabled: true, is_self: false, leader_address: leader, leader_cluster_address: '' }),
  }),
  deadToken: { status: 403, body: '{"errors":["permission denied"]}\n' } satisfies Answer,
  policy: { status: 403, body: '{"errors":["1 error occurred:\\n\\t* permission denied\\n\\n"]}\n' } satisfies Answer,
  absent: { status: 404, body: '{"errors":[]}\n' } satisfies Answer,
  sealed: { status: 503, body: '{"errors":["Vault is sealed"]}\n' } satisfies Answer,
  wrongSecretId: { status: 400, body: '{"errors":["invalid role or secret ID"]}\n' } satisfies Answer,
}
