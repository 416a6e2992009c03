import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Keys as the services of AWS's platforms hand them out. */
export interface RoleKeys {
  readonly AccessKeyId: string
  readonly SecretAccessKey: string
  readonly Token: string
  readonly Expiration: string
}

export interface MetadataService {
  readonly url: string
  close(): void
}

const started = (server: Server): Promise<MetadataService> =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      resolve({ url: `http://127.0.0.1:${port}`, close: () => server.close() })
    })
  })

/** An instance's metadata service of version 2: no keys without a token, no token without a PUT. */
export const startInstanceMetadata = (role: string, keys: () => Promise<RoleKeys>): Promise<MetadataService> => {
  const token = crypto.randomUUID()
  const path = '/latest/meta-data/iam/security-credentials/'
  return started(
    createServer(async ({ method, url, headers }, response) => {
      if (method === 'PUT' && url === '/latest/api/token') return response.end(token)
      if (headers['x-aws-ec2-metadata-token'] !== token) return response.writeHead(401).end()
      if (url === path) return response.end(role)
      if (url === path + role)
        return response.end(JSON.stringify({ Code: 'Success', Type: 'AWS-HMAC', ...(await keys()) }))
      return response.writeHead(404).end()
    }),
  )
}

/** A task's credentials endpoint, which wants the token that the task was started with. */
export const startContainerEndpoint = (token: string, keys: () => Promise<RoleKeys>): Promise<MetadataService> =>
  started(
    createServer(async ({ headers }, response) => {
      if (headers.authorization !== token) return response.writeHead(403).end()
      return response.setHeader('content-type', 'application/json').end(JSON.stringify(await keys()))
    }),
  )
