import { SecretsError } from '@keyplane/core'

/** Throws a part's failure to listen with the flag that names another port, and any other failure as it is. */
export const portFailure =
  (port: number, flag: string) =>
  (thrown: unknown): never => {
    if (!(thrown instanceof SecretsError) || !['port', 'port_taken', 'cannot_bind'].includes(thrown.reason ?? ''))
      throw thrown
    const isTaken = (thrown.cause as NodeJS.ErrnoException | undefined)?.code === 'EADDRINUSE'
    const why = isTaken ? 'is in use' : "can't be listened on"
    throw new SecretsError('config_invalid', `Port ${port} of 127.0.0.1 ${why}; give another with ${flag}.`, {
      reason: isTaken ? 'port_taken' : 'cannot_bind',
      cause: thrown,
    })
  }
