import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** What a proxy does when a client sends a certain text. */
export interface Cut {
  readonly text: string
  /** `before`: the server never gets it. `after`: it does, and the client never hears of it. */
  readonly when: 'before' | 'after'
  /** How often the text passes before. Default 0. */
  readonly passes?: number
  /** From then on nobody gets through, until it is opened. */
  readonly shuts?: true
}

/** A way to a server that breaks at a chosen moment. */
export class CuttingProxy {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** The next connection that sends this is cut, once. */
  cut: Cut | undefined
  cuts = 0
  isShut = false

  constructor(targetPort: number) {
    this.#server = createServer((client) => this.#join(client, connect(targetPort, '127.0.0.1')))
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return (this.#server.address() as AddressInfo).port
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #join(client: Socket, upstream: Socket): void {
    if (this.isShut) {
      upstream.destroy()
      return void client.destroy()
    }
    let isDeaf = false
    for (const socket of [client, upstream]) {
      this.#sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => this.#sockets.delete(socket))
    }
    const end = (): void => {
      client.destroy()
      upstream.destroy()
    }
    client.on('data', (chunk: Buffer) => {
      const cut = this.cut
      if (cut && chunk.includes(cut.text)) {
        const { passes = 0 } = cut
        this.cut = passes > 0 ? { ...cut, passes: passes - 1 } : undefined
        if (passes > 0) return void upstream.write(chunk)
        this.cuts += 1
        this.isShut = cut.shuts ?? false
        if (cut.when === 'before') return end()
        isDeaf = true
      }
      upstream.write(chunk)
    })
    upstream.on('data', (chunk: Buffer) => {
      // The server has done it, and has said so to nobody.
      if (isDeaf) end()
      else client.write(chunk)
    })
    client.on('close', end)
    upstream.on('close', end)
  }
}
