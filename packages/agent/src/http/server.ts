import { chmodSync } from 'node:fs'
import type { Server as HttpServer } from 'node:http'
import { type AddressInfo, createServer as createSocketServer, isIPv6, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, Server as TlsServer } from 'node:tls'
import { isMainThread } from 'node:worker_threads'
import { SecretsError } from '@keyplane/core'
import { bunServer } from './bun-server.ts'
import { endWhenIdle, type IdleLimits } from './idle-end.ts'
import { PacedConnection } from './paced-connection.ts'
import { PlainGets } from './plain-get.ts'
import { responseBytes } from './response-bytes.ts'
import type { ServerParts } from './server-parts.ts'
import { httpServer, internalFailure } from './slow-path.ts'

const defaultIdle: IdleLimits = Object.freeze({ idleMs: 60_000, lingerMs: 5_000 })
/** A client that does not finish its handshake holds nothing that others need, but for this long. */
const handshakeMs = 10_000
/** What a client sent before it could know of the end is answered within this long. */
const readOnMs = 150
/** Longer chunks than any plain request are not looked at. */
const maxPlainBytes = 4_096

/**
 * Two ways over one socket: a plain request for a secret is answered straight from `node:net`; whatever is not plainly
 * that goes to `node:http` untouched, and its connection stays there. Neither reads a connection's next request before the
 * answer to the last has left.
 */
export class AgentServer {
  readonly #parts: ServerParts
  readonly #http: HttpServer
  readonly #listener: Server
  /** What TLS stands on, those whose handshake is not done included. */
  readonly #underTls = new Set<Socket>()
  readonly #sockets = new Set<Socket>()
  /** Those of them that `node:http` reads. */
  readonly #handedOver = new Set<Socket>()
  /** Those whose answer has still to come. */
  readonly #waiting = new Set<Socket>()
  /** Connections that came before the agent was ready. */
  #early: Socket[] | undefined = []
  #closing = false
  readonly #isClosing = (): boolean => this.#closing

  constructor(parts: ServerParts) {
    this.#parts = parts
    this.#http = httpServer(parts, this.#isClosing)
    const accept = (socket: Socket): void => {
      // A client may say that nothing more comes and still wait for its answer.
      socket.allowHalfOpen = true
      this.#accept(socket)
    }
    // One that leaves in the middle of a handshake is gone at once.
    const options = { noDelay: true, pauseOnConnect: true, allowHalfOpen: !parts.tls }
    // Who comes is told by the descriptor of a socket of `node:net`.
    const openServer = (onSocket: (socket: Socket) => void): Server =>
      (parts.admit ? undefined : bunServer(onSocket)) ?? createSocketServer(options, onSocket)
    this.#listener = parts.tls
      ? createTlsServer({ ...parts.tls, ...options, handshakeTimeout: handshakeMs }, accept)
      : openServer((socket) => {
          if (this.#hasRoom(socket)) accept(socket)
        })
    if (parts.tls) this.#listener.on('connection', (socket: Socket) => this.#noteHandshake(socket))
  }

  /**
   * Binds; connections wait until `ready`. The key is the configuration's for the port.
   * @throws SecretsError `config_invalid` where the port can't be had.
   */
  async listen(port: number, host = '127.0.0.1', key = 'http_port'): Promise<number> {
    await this.#bound(`${isIPv6(host) ? `[${host}]` : host}:${port}`, key, () => this.#listener.listen(port, host))
    return (this.#listener.address() as AddressInfo).port
  }

  /**
   * Binds a Unix socket, which is nobody's but those whom the mode lets in from its first moment on. It is removed at the
   * end. @throws SecretsError `config_invalid` where it can't be had.
   */
  async listenOnSocket(path: string, mode: number): Promise<void> {
    // Binding makes the file before `listen` returns; only the main thread may say with which mode.
    const before = isMainThread ? process.umask(0o777 & ~mode) : undefined
    const bound = this.#bound(path, 'socket_path', () => this.#listener.listen(path))
    if (before !== undefined) process.umask(before)
    await bound
    chmodSync(path, mode)
  }

  /** For connections from here on; those that are open keep what they began with. @throws where it can't be used. */
  renewTls(tls: NonNullable<ServerParts['tls']>): void {
    if (this.#listener instanceof TlsServer) this.#listener.setSecureContext(tls)
  }

  async #bound(where: string, key: string, bind: () => void): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const onError = (cause: NodeJS.ErrnoException): void => reject(cannotBind(where, key, cause))
      this.#listener.once('error', onError)
      this.#listener.once('listening', () => {
        this.#listener.removeListener('error', onError)
        this.#listener.on('error', this.#parts.onError)
        resolve()
      })
      bind()
    })
  }

  /** From here on requests are answered, those that wait first. */
  ready(): void {
    const early = this.#early ?? []
    this.#early = undefined
    for (const socket of early) this.#serve(socket)
  }

  /**
   * Takes no more connections, lets running requests end, answers what was on its way with `connection: close`, and cuts
   * what is left after `graceMs`.
   */
  async close(graceMs = 10_000): Promise<void> {
    this.#closing = true
    const closed = new Promise<void>((resolve) => this.#listener.close(() => resolve()))
    for (const socket of this.#early ?? []) socket.destroy()
    // Ending a connection whose next request lies unread would reset it.
    const readOn = setTimeout(() => this.#endIdle(), Math.min(readOnMs, graceMs))
    const cut = setTimeout(() => {
      for (const socket of [...this.#sockets, ...this.#underTls]) socket.destroy()
    }, graceMs)
    await closed
    clearTimeout(readOn)
    clearTimeout(cut)
    // Ends its own watch over connections.
    this.#http.close()
  }

  #endIdle(): void {
    this.#http.closeIdleConnections()
    for (const socket of this.#sockets) if (!this.#waiting.has(socket) && !this.#handedOver.has(socket)) socket.end()
  }

  #hasRoom(socket: Socket): boolean {
    return this.#parts.room?.take(socket) !== false
  }

  #noteHandshake(socket: Socket): void {
    if (!this.#hasRoom(socket)) return
    this.#underTls.add(socket)
    socket.once('close', () => this.#underTls.delete(socket))
  }

  #accept(socket: Socket): void {
    socket.on('error', () => socket.destroy())
    if (this.#early) this.#early.push(socket)
    else this.#serve(socket)
  }

  #serve(socket: Socket): void {
    const admitted = this.#parts.admit?.(socket) ?? 'by token'
    if (admitted === 'refused') return void socket.destroy()
    const peer = admitted === 'by token' ? undefined : admitted
    this.#sockets.add(socket)
    let paced: PacedConnection | undefined
    const connection = { gets: new PlainGets(), peer, isLast: this.#isClosing }
    const onData = (chunk: Buffer): void => {
      const answer =
        chunk.length <= maxPlainBytes && !this.#closing ? this.#parts.fastPath(chunk, connection) : undefined
      if (answer) {
        if (Buffer.isBuffer(answer)) write(socket, answer)
        else void this.#answerLater(socket, answer)
        return
      }
      socket.removeListener('data', onData)
      this.#handedOver.add(socket)
      // For good: what follows may be the rest of this request, or lean on how it was read.
      paced = new PacedConnection(socket, chunk, peer)
      this.#http.emit('connection', paced)
    }
    socket.on('data', onData)
    socket.on('end', () => {
      if (!paced && !this.#waiting.has(socket)) socket.end()
    })
    socket.on('close', () => {
      this.#sockets.delete(socket)
      this.#handedOver.delete(socket)
    })
    endWhenIdle(socket, this.#parts.idle ?? defaultIdle, () => paced?.isBusy ?? this.#waiting.has(socket))
    socket.resume()
  }

  /** What follows on the connection waits, so that answers go out in the order of their requests. */
  async #answerLater(socket: Socket, answer: Promise<Buffer>): Promise<void> {
    const { limit, date, onError } = this.#parts
    limit.active += 1
    this.#waiting.add(socket)
    socket.pause()
    const bytes = await answer.catch((error: unknown) => {
      onError(error)
      return responseBytes(internalFailure, date.text, { isLast: this.#closing })
    })
    limit.active -= 1
    this.#waiting.delete(socket)
    socket.resume()
    if (this.#closing || socket.readableEnded) socket.end(bytes)
    else write(socket, bytes)
  }
}

/** Reads on only when the peer has taken the answer. */
const write = (socket: Socket, bytes: Buffer): void => {
  if (socket.write(bytes)) return
  socket.pause()
  socket.once('drain', () => socket.resume())
}

const cannotBind = (where: string, key: string, cause: NodeJS.ErrnoException): SecretsError => {
  const taken = cause.code === 'EADDRINUSE'
  const why = taken ? `another program uses that port; stop it, or choose another with ${key}` : String(cause.code)
  return new SecretsError('config_invalid', `Could not bind to ${where}: ${why}.`, {
    cause,
    reason: taken ? 'port_taken' : 'cannot_bind',
  })
}
