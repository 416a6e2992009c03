import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface KvStandIn {
  readonly url: string
  close(): Promise<void>
}

const token = { client_token: 'stand-in-token', lease_duration: 3_600, renewable: true, num_uses: 0, type: 'service' }
const metadata = { created_time: '2026-01-01T00:00:00Z', deletion_time: '', destroyed: false, version: 1 }

/** Answers a login and reads of a KV mount as OpenBao does, for programs that show how to ask it and no more. */
export const startKvStandIn = async (secrets: Readonly<Record<string, object>>): Promise<KvStandIn> => {
  const answers = new Map<string | undefined, object>([
    ['/v1/auth/approle/login', { auth: token }],
    ...Object.entries(secrets).map(
      ([path, data]) => [`/v1/secret/data/${path}`, { data: { data, metadata } }] as const,
    ),
  ])
  const server = createServer(({ url }, response) => {
    const answer = answers.get(url)
    response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answer ?? { errors: [] }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
