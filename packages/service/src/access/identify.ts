import { TLSSocket } from 'node:tls'
import type { FastifyRequest } from 'fastify'
import { certificateNames } from './certificate-names.ts'
import type { Client } from './clients.ts'

/** Knows callers by what they show. */
export interface CallerDirectory {
  /** Whose key it is. */
  find(key: string): Client | undefined | Promise<Client | undefined>
  /** Whose certificate has one of these names. */
  certified(names: readonly string[]): Client | undefined
}

type Caller = Pick<FastifyRequest, 'headers' | 'socket'>

/** Who makes a request, by its key; where it shows none, by the certificate of its connection. */
export const identify = async (callers: CallerDirectory, { headers, socket }: Caller): Promise<Client | undefined> => {
  const { authorization } = headers
  if (authorization === undefined) return certifiedBy(callers, socket)
  const key = /^Bearer +(\S+)$/i.exec(authorization)?.[1]
  return key === undefined ? undefined : callers.find(key)
}

/** Only a certificate that the configured authorities vouch for is anybody's. */
const certifiedBy = (callers: CallerDirectory, socket: Caller['socket']): Client | undefined => {
  const shown = socket instanceof TLSSocket && socket.authorized ? socket.getPeerX509Certificate() : undefined
  return shown && callers.certified(certificateNames(shown))
}
