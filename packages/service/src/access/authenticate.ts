import { SecretsError } from '@keyplane/core'
import type { onRequestAsyncHookHandler } from 'fastify'
import type { Client, Clients } from './clients.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks: there where `authenticate` is a hook of the route. */
    client: Client
  }
}

/** A route's guard: it goes on to who shows a key by `Authorization`. @throws SecretsError `unauthenticated`. */
export type Authenticate = onRequestAsyncHookHandler

/** The guard that knows these clients. */
export const authenticate =
  (clients: Clients): Authenticate =>
  async (request) => {
    const key = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
    const client = key === undefined ? undefined : clients.find(key)
    if (!client) throw new SecretsError('unauthenticated', 'Show a key of yours: "Authorization: Bearer kps_…".')
    request.client = client
  }
