import { connect } from 'node:net'
import type { Finding } from './finding.ts'

const connectMs = 2_000

/** Whether something listens at a URL's host and port. Nothing is sent: no login is tried, nothing posted. */
export const examineAddress = async (what: string, url: string, usualPort: number): Promise<Finding> => {
  if (!URL.canParse(url))
    return { what: `${what} has an address that is no URL`, state: 'problem', mend: 'Mend it in the configuration.' }
  const { hostname, port } = new URL(url)
  const host = hostname.replace(/^\[|\]$/g, '') || '127.0.0.1'
  const place = `${host}:${port || usualPort}`
  const failure = await connection(host, Number(port || usualPort))
  return failure === undefined
    ? { what: `${what} listens at ${place}`, state: 'ok' }
    : {
        what: `${what} does not answer at ${place} (${failure})`,
        state: 'problem',
        mend: 'Look whether it runs, and whether its address is right.',
      }
}

/** Why there is none, if there is none. */
const connection = (host: string, port: number): Promise<string | undefined> =>
  new Promise((resolve) => {
    const socket = connect({ host, port, timeout: connectMs })
    const end = (failure?: string): void => {
      socket.destroy()
      resolve(failure)
    }
    socket.once('connect', () => end())
    socket.once('timeout', () => end('timeout'))
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? 'failed'))
  })
