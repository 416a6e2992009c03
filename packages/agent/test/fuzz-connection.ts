import { connect, type Socket } from 'node:net'

/** What a connection brought. */
export interface Received {
  readonly text: string
  /** Ours, of the connection. */
  readonly port: number
  /** It was the peer who ended it. */
  readonly ended: boolean
}

export interface SendOptions {
  /** When this holds for what came back, nothing more is waited for. Default: the peer's end is waited for. */
  readonly isEnough?: (text: string) => boolean
  /** Close our side after the last piece. */
  readonly closes?: boolean
}

/** The peer is silent for so long only where it has nothing to say. */
const quietMs = 8_000

/** All that came back on a connection of its own. */
export const send = (port: number, pieces: readonly Buffer[], options: SendOptions): Promise<Received> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
    const received: Buffer[] = []
    const text = (): string => Buffer.concat(received).toString('latin1')
    let [local, ended] = [0, true]
    const quiet = (): void => {
      ended = false
      socket.destroy()
    }
    socket.setTimeout(quietMs, quiet)
    const enough = (): void => {
      if (options.isEnough?.(text())) quiet()
    }
    socket.on('connect', async () => {
      local = socket.localPort ?? 0
      await write(socket, pieces)
      if (options.closes) socket.end()
      enough()
    })
    socket.on('data', (chunk: Buffer) => {
      received.push(chunk)
      if (socket.bytesWritten === length(pieces)) enough()
    })
    socket.on('end', () => socket.destroy())
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error)
    })
    socket.on('close', () => resolve({ text: text(), port: local, ended }))
  })

const length = (pieces: readonly Buffer[]): number => pieces.reduce((sum, piece) => sum + piece.length, 0)

/** Piece by piece: a server in the same process accepts in one turn of the event loop, and reads in the next. */
const write = async (socket: Socket, pieces: readonly Buffer[]): Promise<void> => {
  for (const piece of pieces) {
    if (!socket.writable) return
    socket.write(piece)
    for (let turn = pieces.length > 8 ? 2 : 0; turn < 3; turn += 1) await new Promise((next) => setImmediate(next))
  }
}
