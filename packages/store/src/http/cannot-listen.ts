import { SecretsError } from '@keyplane/core'

/** Why a port cannot be had. */
export const cannotListen = (host: string, port: number, cause: unknown): SecretsError => {
  const taken = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE'
  const why = taken ? 'is in use; give another' : 'cannot be listened on'
  return new SecretsError('unavailable', `Port ${port} of ${host} ${why}.`, { reason: 'port', cause })
}
