import { EventEmitter } from 'node:events'
import type { AddressInfo, Server, Socket } from 'node:net'
import { BunSocket, type NativeSocket } from './bun-socket.ts'

/** What of Bun is used here; its types are not this project's. */
export interface BunSockets {
  listen(
    options: Place & {
      /** Else another process could share the port. */
      readonly exclusive: true
      readonly allowHalfOpen: true
      readonly socket: {
        open(socket: NativeSocket): void
        data(socket: NativeSocket, bytes: Buffer): void
        drain(socket: NativeSocket): void
        end(socket: NativeSocket): void
        close(socket: NativeSocket, error?: Error): void
        error(socket: NativeSocket, error: Error): void
      }
    },
  ): Listening
}

/** A port, or a Unix socket. */
type Place = { readonly hostname: string; readonly port: number } | { readonly unix: string }

interface Listening {
  readonly port: number
  stop(): void
}

/**
 * As much of `net.Server` as the agent needs, over Bun's own sockets: under Bun, `node:net` costs a cached read an eighth
 * more. Emits `listening` and `error`.
 */
export class BunServer extends EventEmitter {
  readonly #bun: BunSockets
  readonly #accept: (socket: Socket) => void
  readonly #open = new Set<BunSocket>()
  #listening: Listening | undefined
  #host = ''

  constructor(bun: BunSockets, accept: (socket: Socket) => void) {
    super()
    this.#bun = bun
    this.#accept = accept
  }

  /** @param where a port, or the path of a Unix socket */
  listen(where: number | string, host = '127.0.0.1'): void {
    this.#host = host
    const place = typeof where === 'string' ? { unix: where } : { hostname: host, port: where }
    try {
      this.#listening = this.#bun.listen({
        ...place,
        exclusive: true,
        allowHalfOpen: true,
        socket: {
          open: (native) => this.#opened(native),
          data: ({ data }, bytes) => data.onBytes(bytes),
          drain: ({ data }) => data.onDrain(),
          end: ({ data }) => data.onEnd(),
          close: ({ data }, error) => data.onClose(error),
          error: ({ data }, error) => data.onClose(error),
        },
      })
      queueMicrotask(() => this.emit('listening'))
    } catch (error) {
      queueMicrotask(() => this.emit('error', error))
    }
  }

  address(): AddressInfo {
    return { address: this.#host, family: this.#host.includes(':') ? 'IPv6' : 'IPv4', port: this.#listening?.port ?? 0 }
  }

  /** Takes no more connections; those that are open go on. Calls back once all have ended. */
  close(onClosed: () => void): void {
    this.#listening?.stop()
    this.#listening = undefined
    if (this.#open.size === 0) queueMicrotask(onClosed)
    else this.once('empty', onClosed)
  }

  #opened(native: NativeSocket): void {
    const socket = new BunSocket(native)
    native.data = socket
    this.#open.add(socket)
    socket.once('close', () => {
      this.#open.delete(socket)
      if (this.#open.size === 0) this.emit('empty')
    })
    this.#accept(socket as unknown as Socket)
  }
}

/** Bun's sockets as a server, where Bun runs this. */
export const bunServer = (accept: (socket: Socket) => void): Server | undefined => {
  const { Bun } = globalThis as { readonly Bun?: BunSockets }
  return Bun && (new BunServer(Bun, accept) as unknown as Server)
}
