import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** The one call of Kubernetes' API that OpenBao makes at a login: whether a service account's token is good. */
export class TokenReviewApi {
  readonly #server: Server
  reviewed = 0

  constructor() {
    this.#server = createServer((request, response) => {
      request.resume().on('end', () => {
        this.reviewed += 1
        response.writeHead(201, { 'content-type': 'application/json' })
        response.end(
          JSON.stringify({
            apiVersion: 'authentication.k8s.io/v1',
            kind: 'TokenReview',
            status: {
              authenticated: true,
              user: { username: 'system:serviceaccount:default:app', uid: 'uid-1', groups: [] },
            },
          }),
        )
      })
    })
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }
}

/** The claims of a service account's token, as Kubernetes writes them. */
export const serviceAccountClaims = (name: string): object => ({
  iss: 'kubernetes/serviceaccount',
  sub: `system:serviceaccount:default:${name}`,
  'kubernetes.io/serviceaccount/namespace': 'default',
  'kubernetes.io/serviceaccount/secret.name': `${name}-token`,
  'kubernetes.io/serviceaccount/service-account.name': name,
  'kubernetes.io/serviceaccount/service-account.uid': 'uid-1',
})
