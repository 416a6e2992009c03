import { connect } from 'node:net'
import { SecretsError } from '@keyplane/core'
import type { AgentConfig } from './config/agent-config.ts'

/** Below the five seconds that container engines grant a check at the least. */
const patienceMs = 3_000

/**
 * Asks the agent that runs by this configuration whether it is ready. One that is busy to its limit is.
 * @throws SecretsError `unavailable` with why it is not; `config_invalid` where its port can't be known.
 */
export const askReady = async ({ httpPort }: Pick<AgentConfig, 'httpPort'>): Promise<void> => {
  if (httpPort === 0)
    throw new SecretsError('config_invalid', 'With http_port = 0 nobody knows where to ask; name a port.')
  const address = `127.0.0.1:${httpPort}`
  const answer = await answerOf(httpPort).catch((cause: NodeJS.ErrnoException) => {
    throw new SecretsError('unavailable', `No agent answers at ${address} (${cause.code ?? cause.message}).`, { cause })
  })
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]
  if (status === '200' || status === '429') return
  const isOurs = status === '503' && /^[a-z]+$/.test(body)
  const why = isOurs ? body : `its answer is ${status ?? 'no HTTP'}`
  throw new SecretsError('unavailable', `The agent at ${address} is not ready: ${why}.`)
}

/** By a bare socket: an environment's proxies are not for this machine's own ports. */
const answerOf = (port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = ''
    const socket = connect({ host: '127.0.0.1', port })
    socket.setEncoding('latin1').setTimeout(patienceMs, () => socket.destroy(new Error('no answer in time')))
    socket.on('connect', () => socket.write(`GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`))
    socket.on('data', (chunk) => {
      text += String(chunk)
      // A thousand letters are no answer of an agent's.
      if (text.length > 1_000) socket.destroy()
    })
    socket.on('error', reject)
    socket.on('close', () => (text === '' ? reject(new Error('no answer')) : resolve(text)))
  })
