import { SecretsError } from '@keyplane/core'
import type { Client, Clients } from './clients.ts'

/** Who shows this `Authorization` header. @throws SecretsError `unauthenticated`. */
export const authenticate = (clients: Clients, authorization: string | undefined): Client => {
  const key = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
  const client = key === undefined ? undefined : clients.find(key)
  if (client) return client
  throw new SecretsError('unauthenticated', 'Show a key of yours: "Authorization: Bearer kps_…".')
}
