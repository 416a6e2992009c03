import { connect, type Socket } from 'node:net'

/** One request as it goes on the wire. */
export interface WireRequest {
  readonly method: string
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** The request's bytes. */
export const bytesOf = ({ method, target, headers, body }: WireRequest): Buffer => {
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const length = Buffer.byteLength(body)
  return Buffer.from(`${method} ${target} HTTP/1.1\r\n${head.join('')}content-length: ${length}\r\n\r\n${body}`)
}

interface Waiting {
  readonly resolve: (body: string) => void
  readonly reject: (error: Error) => void
}

/** One kept connection that sends a request when the one before was answered; made anew where the server closes it. */
export class Connection {
  readonly #port: number
  #socket: Socket | undefined
  #received: Buffer = Buffer.alloc(0)
  #waiting: Waiting | undefined

  constructor(port: number) {
    this.#port = port
  }

  /** The answer's body. @throws Error for any status but 200 and 204. */
  send(request: WireRequest): Promise<string> {
    return this.sendBytes(bytesOf(request))
  }

  /** The same for a request that was made before. @throws Error for any status but 200 and 204. */
  sendBytes(bytes: Buffer): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.#open().write(bytes)
    })
  }

  close(): void {
    this.#waiting = undefined
    this.#socket?.destroy()
  }

  #open(): Socket {
    if (this.#socket) return this.#socket
    const socket = connect(this.#port, '127.0.0.1').setNoDelay(true)
    this.#socket = socket
    this.#received = Buffer.alloc(0)
    socket.on('data', (chunk: Buffer) => this.#hear(chunk))
    socket.on('error', (error) => this.#waiting?.reject(error))
    socket.on('end', () => this.#ended(socket))
    socket.on('close', () => this.#ended(socket))
    return socket
  }

  #ended(socket: Socket): void {
    if (this.#socket !== socket) return
    this.#socket = undefined
    this.#waiting?.reject(new Error('The server closed the connection before it answered.'))
  }

  #hear(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    const headEnd = this.#received.indexOf('\r\n\r\n')
    if (headEnd < 0) return
    const head = this.#received.toString('latin1', 0, headEnd)
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
    if (this.#received.length < headEnd + 4 + length) return
    const body = this.#received.toString('utf8', headEnd + 4, headEnd + 4 + length)
    this.#received = this.#received.subarray(headEnd + 4 + length)
    const { resolve, reject } = this.#waiting ?? { resolve: () => {}, reject: () => {} }
    this.#waiting = undefined
    // A server that says so closes in a moment: what would be sent now would be lost.
    if (/\r\nconnection: close/i.test(head)) this.#socket = undefined
    if (/^HTTP\/1\.1 20[04] /.test(head)) resolve(body)
    else reject(new Error(`Not the answer that was asked for: ${head.split('\r\n')[0]} ${body.slice(0, 200)}`))
  }
}
