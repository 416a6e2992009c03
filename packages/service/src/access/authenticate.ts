import { SecretsError } from '@keyplane/core'
import type { onRequestAsyncHookHandler } from 'fastify'
import type { StrangerRecords } from '../audit/stranger-records.ts'
import type { RequestLimits } from '../limits/request-limits.ts'
import type { Client } from './clients.ts'
import { type CallerDirectory, identify } from './identify.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks: there where `authenticate` is a hook of the route. */
    client: Client
  }
}

export interface AuthenticateParts {
  readonly clients: CallerDirectory
  readonly limits: RequestLimits
  readonly strangers: StrangerRecords
}

/**
 * A route's guard: it goes on to who shows a key, or the token of a login, by `Authorization`, or a certificate.
 * @throws SecretsError `unauthenticated`; `rate_limited`; `unavailable` where a refusal can't be recorded.
 */
export type Authenticate = onRequestAsyncHookHandler

/** The guard that knows these clients. */
export const authenticate =
  ({ clients, limits, strangers }: AuthenticateParts): Authenticate =>
  async (request) => {
    const client = await identify(clients, request)
    if (client) {
      limits.client(client.name)
      request.client = client
      return
    }
    limits.stranger(request.ip)
    if (request.headers.authorization !== undefined) limits.failed(request.ip)
    await strangers.refused({ address: request.ip, requestId: request.id })
    throw new SecretsError('unauthenticated', 'Show a key or a login of yours: "Authorization: Bearer …".')
  }
