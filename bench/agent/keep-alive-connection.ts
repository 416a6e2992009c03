import { connect, type Socket } from 'node:net'
import { token } from './contenders.ts'

/** One connection that asks again and again. It reads only what the agents send: a length, and a body of it. */
export class KeepAliveConnection {
  readonly #socket: Socket
  #received = ''
  #answered: (() => void) | undefined
  #failed: ((error: Error) => void) | undefined

  constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.setEncoding('latin1')
    socket.on('data', (chunk: string) => this.#hear(chunk))
    socket.on('error', (error) => this.#failed?.(error))
    socket.on('close', () => this.#failed?.(new Error('The server closed the connection.')))
  }

  static open(port: number): Promise<KeepAliveConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.removeListener('error', reject)
        resolve(new KeepAliveConnection(socket))
      })
      socket.once('error', reject)
    })
  }

  /** Milliseconds from the request to the whole answer. @throws Error for any status but 200. */
  get(path: string): Promise<number> {
    const fromMs = performance.now()
    return new Promise((resolve, reject) => {
      this.#answered = () => resolve(performance.now() - fromMs)
      this.#failed = reject
      this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Aws-Parameters-Secrets-Token: ${token}\r\n\r\n`)
    })
  }

  close(): void {
    this.#failed = undefined
    this.#socket.destroy()
  }

  #hear(chunk: string): void {
    this.#received += chunk
    const headEnd = this.#received.indexOf('\r\n\r\n')
    if (headEnd < 0) return
    const head = this.#received.slice(0, headEnd)
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN)
    if (!head.startsWith('HTTP/1.1 200 ') || Number.isNaN(length)) {
      this.#failed?.(new Error(`Not the answer that was asked for: ${head.split('\r\n')[0]}`))
      return
    }
    if (this.#received.length < headEnd + 4 + length) return
    this.#received = this.#received.slice(headEnd + 4 + length)
    this.#answered?.()
  }
}
