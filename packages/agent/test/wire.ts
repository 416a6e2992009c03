import { connect } from 'node:net'

/** Sends bytes on a connection of its own and gives all that comes back until the other side ends or falls silent. */
export const exchange = (port: number, chunks: readonly (string | Buffer)[], silenceMs = 40): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    let received = ''
    let silence: NodeJS.Timeout
    const wait = (): void => {
      clearTimeout(silence)
      silence = setTimeout(() => socket.destroy(), silenceMs)
    }
    socket.on('connect', async () => {
      for (const chunk of chunks) {
        socket.write(chunk)
        await new Promise((next) => setImmediate(next))
      }
      wait()
    })
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
      wait()
    })
    socket.on('close', () => {
      clearTimeout(silence)
      resolve(received)
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET' || error.code === 'EPIPE') resolve(received)
      else reject(error)
    })
  })

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** The first answer in what came back. */
export const parseAnswer = (received: string): Answer => {
  const [head = '', ...rest] = received.split('\r\n\r\n')
  const [statusLine = '', ...lines] = head.split('\r\n')
  return {
    status: Number(statusLine.split(' ')[1]),
    headers: Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
    ),
    body: rest.join('\r\n\r\n'),
  }
}
