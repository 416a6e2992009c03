import { isIPv6 } from 'node:net'
import { untilAborted } from '@keyplane/core'
import type { Db } from 'mongodb'
import type { DatabaseLogin } from '../database-users/database-login.ts'
import { mongodbFailure } from './mongodb-failure.ts'

/** How a MongoDB is reached. */
export interface MongodbReach {
  /** For finding the server that takes changes, for a connection, and for each command. Default 5,000. */
  readonly timeoutMs?: number
  /** PEM of the authorities whose servers are trusted. Default: those of the machine. */
  readonly ca?: string
}

/**
 * Runs an act over a connection to whichever member takes changes; it is cut if the signal is aborted, and what was sent by
 * then is done.
 * @throws SecretsError `unauthenticated` (`refused_login`) where the server refuses the password, and what else it says.
 */
export const withMongodb = async <T>(
  login: DatabaseLogin,
  reach: MongodbReach & { readonly signal: AbortSignal },
  act: (database: Db) => Promise<T>,
): Promise<T> => {
  const { MongoClient } = await import('mongodb')
  const { host, port, user, password, database, userDatabase = 'admin', tls } = login
  const { signal, timeoutMs = 5_000, ca } = reach
  signal.throwIfAborted()
  // A host with a comma, a slash or a question mark would be several hosts, or options.
  const client = new MongoClient(`mongodb://${isIPv6(host) ? `[${host}]` : encodeURIComponent(host)}:${port}/`, {
    appName: 'keyplane-rotation',
    auth: { username: user, password },
    authSource: userDatabase,
    tls,
    ...(ca !== undefined && { ca }),
    maxPoolSize: 1,
    serverSelectionTimeoutMS: timeoutMs,
    connectTimeoutMS: timeoutMs,
    // The server ends a command before that.
    socketTimeoutMS: timeoutMs + 1_000,
    retryReads: false,
  })
  try {
    return await untilAborted(act(client.db(database)), signal)
  } catch (thrown) {
    signal.throwIfAborted()
    throw mongodbFailure(thrown, login)
  } finally {
    await client.close(true).catch(() => undefined)
  }
}
