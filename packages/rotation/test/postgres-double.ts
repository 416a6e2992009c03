import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'

/** What a server says no with. */
export interface Refusal {
  /** The SQLSTATE. */
  readonly code: string
  readonly message: string
}

const message = (type: string, body: Buffer = Buffer.alloc(0)): Buffer => {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(body.length + 4)
  return Buffer.concat([Buffer.from(type), length, body])
}
const text = (value: string): Buffer => Buffer.from(`${value}\0`)
const fields = (entries: Readonly<Record<string, string>>): Buffer =>
  Buffer.concat([...Object.entries(entries).map(([name, value]) => text(`${name}${value}`)), Buffer.of(0)])
const error = ({ code, message: M }: Refusal): Buffer => message('E', fields({ S: 'ERROR', V: 'ERROR', C: code, M }))
const ready = message('Z', Buffer.from('I'))
const done = message('C', text('DONE'))

/**
 * As much of PostgreSQL's wire as a change of a user asks for, with a rule for passwords that a real one does not have here:
 * it lets everybody in, and refuses each statement with a password in it.
 */
export class PostgresDouble {
  /** Statements as they came. */
  readonly statements: string[] = []
  readonly #refusal: Refusal
  readonly #sockets = new Set<Socket>()
  readonly #server: Server = createServer((socket) => this.#serve(socket))

  constructor(refusal: Refusal) {
    this.#refusal = refusal
  }

  listen(): Promise<number> {
    return new Promise((resolve) => {
      this.#server.listen(0, '127.0.0.1', () => resolve((this.#server.address() as AddressInfo).port))
    })
  }

  close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    return new Promise((resolve) => {
      this.#server.close(() => resolve())
    })
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => undefined)
    let pending = Buffer.alloc(0)
    let isOpen = false
    socket.on('data', (data: Buffer) => {
      pending = Buffer.concat([pending, data])
      // The first message has no type.
      for (;;) {
        const start = isOpen ? 1 : 0
        if (pending.length < start + 4) return
        const end = start + pending.readUInt32BE(start)
        if (pending.length < end) return
        const body = pending.subarray(start + 4, end)
        const type = isOpen ? String.fromCharCode(pending[0] ?? 0) : 'startup'
        pending = pending.subarray(end)
        isOpen = true
        const answer = this.#answer(type, body)
        if (answer) socket.write(answer)
      }
    })
  }

  #answer(type: string, body: Buffer): Buffer | undefined {
    if (type === 'startup') return Buffer.concat([message('R', Buffer.alloc(4)), ready])
    if (type === 'Q') return Buffer.concat([this.#said(body.toString('utf8', 0, body.length - 1)), ready])
    if (type === 'P') {
      const [, statement = ''] = body.toString('utf8').split('\0')
      this.statements.push(statement)
      return message('1')
    }
    return { B: message('2'), D: message('n'), E: done, S: ready }[type]
  }

  #said(statement: string): Buffer {
    this.statements.push(statement)
    return /\bpassword '/.test(statement) ? error(this.#refusal) : done
  }
}
