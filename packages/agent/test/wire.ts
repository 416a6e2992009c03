import { connect } from 'node:net'

export interface ExchangeOptions {
  /** How many answers are expected: when they are there, whole, nothing is waited for. */
  readonly answers?: number
  /** The end where nothing else says so. Short only where silence is what is looked for. Default 10 s. */
  readonly silenceMs?: number
}

/** Sends bytes on a connection of its own; gives all that came back when the answers are there or the peer has closed. */
export const exchange = (
  port: number,
  chunks: readonly (string | Uint8Array)[],
  { answers = Number.POSITIVE_INFINITY, silenceMs = 10_000 }: ExchangeOptions,
): Promise<string> =>
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
      if (Number.isFinite(answers) && countAnswers(received) >= answers) socket.destroy()
      else wait()
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

/** How many whole answers the text holds. */
export const countAnswers = (received: string): number => {
  let count = 0
  for (let from = 0; ; count += 1) {
    const headEnd = received.indexOf('\r\n\r\n', from)
    if (headEnd < 0) return count
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(received.slice(from, headEnd))?.[1] ?? 0)
    from = headEnd + 4 + length
    if (from > received.length) return count
  }
}

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
