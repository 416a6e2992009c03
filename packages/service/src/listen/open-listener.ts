import type { Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type Clock, SecretsError } from '@keyplane/core'
import type { SecretsLog } from '@keyplane/secrets'
import type { FastifyInstance } from 'fastify'
import type { ListenConfig } from '../config/service-config.ts'
import { followFiles } from '../follow-files.ts'
import { readTlsFiles, type TlsOptions } from './tls-files.ts'

export interface ListenerParts {
  readonly clock: Clock
  readonly log: SecretsLog
  /** What the listener's files said when the app was made. */
  readonly tls: TlsOptions | undefined
}

export interface Listener {
  /** With the host as it is configured: `0.0.0.0` is every address of this machine. */
  readonly url: string
  /** Takes no more connections, and waits for answers under way, five seconds at most. */
  close(): Promise<void>
}

const closeWithinMs = 5_000

/** Listens, and follows the files of its TLS. @throws SecretsError `config_invalid` where it can't listen there. */
export const openListener = async (
  app: FastifyInstance,
  { host, port, tls: files }: ListenConfig,
  { clock, log, tls }: ListenerParts,
): Promise<Listener> => {
  await app.listen({ host, port }).catch((cause: NodeJS.ErrnoException) => {
    throw new SecretsError('config_invalid', `${host}:${port} can't be listened on (${cause.code}).`, {
      cause,
      reason: 'cannot_bind',
    })
  })
  const address = app.server.address() as AddressInfo
  const use = (options: TlsOptions): void => (app.server as Server).setSecureContext(options)
  const warn = (why: string): void => log.warn(`The certificate that was there before goes on to be used. ${why}`, {})
  const unfollow = files && tls && followFiles(() => readTlsFiles(files), tls, { clock, use, warn })
  return {
    url: `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    close: async () => {
      unfollow?.()
      // Who has not read its answer by then is cut off.
      const cut = clock.after(closeWithinMs, () => app.server.closeAllConnections(), { keepsAlive: true })
      await app.close()
      cut.cancel()
    },
  }
}
