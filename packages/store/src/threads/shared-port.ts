import { createServer, type Server } from 'node:net'
import { cannotListen } from '../http/cannot-listen.ts'

/** Linux spreads the connections to one port over all that listen on it, and has names for what one process holds. */
export const sharesPorts: boolean = process.platform === 'linux'

/**
 * Holds a port for the threads of this process; gives what ends that. Where a port is shared the system lets in whoever
 * asks, other programs of the same user too. So stores hold a name for it beside (a socket of Linux's abstract kind), and
 * any other program that listens is found by binding the port alone for a moment.
 * @throws SecretsError `unavailable` (`port`)
 */
export const holdPort = async (host: string, port: number): Promise<() => Promise<void>> => {
  const name = createServer((socket) => socket.destroy()).unref()
  const probe = createServer()
  const refuse = (cause: unknown): never => {
    throw cannotListen(host, port, cause)
  }
  await listening(name, { path: `\0keyplane-store:${host}:${port}` }).catch(refuse)
  try {
    await listening(probe, { host, port })
    await closed(probe)
  } catch (cause) {
    await closed(name)
    refuse(cause)
  }
  return () => closed(name)
}

const listening = (server: Server, at: { path: string } | { host: string; port: number }): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(at, resolve)
  })

const closed = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()))
