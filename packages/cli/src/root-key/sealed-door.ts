import { chmodSync, rmSync } from 'node:fs'
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { SecretsError, toSecretsError } from '@keyplane/core'
import type { DataFolder } from '../data-folder/data-folder.ts'

/** Where a sealed store waits for its passphrase. Only its owner can reach it: socket and folder are made his alone. */
export const unsealSocket = ({ path }: DataFolder): string => `${path}/unseal.sock`

const maxPassphraseBytes = 4_096
const idleMs = 30_000

export interface SealedDoorOptions {
  readonly folder: DataFolder
  readonly port: number
  /** Whether a passphrase is the right one. @throws what is wrong with it */
  readonly prove: (passphrase: Uint8Array) => Promise<void>
  /** Whether there is no store yet, and any passphrase becomes its own. */
  readonly isNew: () => Promise<boolean>
}

/**
 * What stands in a store's place until its passphrase has come. Whoever gave it is answered when the store listens, or
 * with what it failed with: `stepAside` gives the store the port, `close` the answer.
 */
export class SealedDoor {
  /** The passphrase that proved right. */
  readonly opened: Promise<Uint8Array>
  readonly #options: SealedDoorOptions
  readonly #http: HttpServer
  readonly #socket: Server
  #resolve: (passphrase: Uint8Array) => void = () => undefined
  /** What became of the store that was opened. */
  readonly #started: Promise<void>
  #settle: (failure?: unknown) => void = () => undefined
  readonly #sockets = new Set<Socket>()
  /** One passphrase at a time: each try costs memory. */
  #trying: Promise<unknown> = Promise.resolve()

  constructor(options: SealedDoorOptions) {
    this.#options = options
    this.opened = new Promise((resolve) => {
      this.#resolve = resolve
    })
    this.#started = new Promise((resolve, reject) => {
      this.#settle = (failure) => (failure === undefined ? resolve() : reject(failure))
    })
    // Nobody may be waiting for it.
    this.#started.catch(() => undefined)
    this.#http = createHttpServer((request, response) => {
      request.resume()
      const status = request.url === '/healthz' ? 200 : 503
      response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
      response.end(request.method === 'GET' ? '{"status":"sealed"}' : sealedAnswer)
    })
    this.#socket = createServer({ allowHalfOpen: true }, (socket) => this.#hear(socket))
  }

  /** Gives the port that is listened on. */
  async listen(): Promise<number> {
    const path = unsealSocket(this.#options.folder)
    // Left behind by a store that was killed; a second store on the folder was refused before.
    rmSync(path, { force: true })
    await listening(this.#socket, () => this.#socket.listen(path))
    chmodSync(path, 0o600)
    await listening(this.#http, () => this.#http.listen(this.#options.port, '127.0.0.1'))
    return (this.#http.address() as AddressInfo).port
  }

  /** Leaves the port to the store; the socket stays until it is known what became of it. */
  async stepAside(): Promise<void> {
    this.#http.closeAllConnections()
    await closed(this.#http)
  }

  /** Answers whoever gave the passphrase, with what went wrong if something did, and is gone. */
  async close(failure?: unknown): Promise<void> {
    this.#settle(failure)
    if (this.#http.listening) await this.stepAside()
    const ended = closed(this.#socket)
    await this.#trying
    for (const socket of this.#sockets) if (!socket.writableEnded) socket.destroy()
    await ended
    rmSync(unsealSocket(this.#options.folder), { force: true })
  }

  #hear(socket: Socket): void {
    const chunks: Buffer[] = []
    let length = 0
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    socket.setTimeout(idleMs, () => socket.destroy())
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      length += chunk.length
      if (length > maxPassphraseBytes) socket.destroy()
    })
    socket.on('end', () => {
      // From here on it is the store that takes its time.
      socket.setTimeout(0)
      const passphrase = Buffer.concat(chunks)
      for (const chunk of chunks) chunk.fill(0)
      this.#trying = this.#trying.then(() => this.#try(socket, passphrase))
    })
  }

  async #try(socket: Socket, passphrase: Buffer): Promise<void> {
    try {
      // Whoever is about to type one asks first who waits for it.
      if (passphrase.length === 0) return answer(socket, { sealed: true, isNew: await this.#options.isNew() })
      // What proves it clears what it is given.
      await this.#options.prove(Buffer.from(passphrase))
    } catch (error) {
      passphrase.fill(0)
      return refuse(socket, error)
    }
    this.#resolve(passphrase)
    await this.#started.then(
      () => answer(socket, { ok: true }),
      (error: unknown) => refuse(socket, error),
    )
  }
}

const answer = (socket: Socket, facts: object): void => void socket.end(`${JSON.stringify(facts)}\n`)

const refuse = (socket: Socket, error: unknown): void => {
  const { code, message, reason } = toSecretsError(error)
  answer(socket, { error: { code, message, ...(reason !== undefined && { reason }) } })
}

/** In AWS's form. */
const sealedAnswer = JSON.stringify({
  __type: 'ServiceUnavailableException',
  Message: 'The store is sealed; give its passphrase with: keyplane store unseal',
})

const listening = (server: Server | HttpServer, listen: () => void): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        cause.code === 'EADDRINUSE'
          ? new SecretsError('unavailable', 'The port is in use; give another.', { reason: 'port', cause })
          : cause,
      ),
    )
    server.once('listening', () => resolve())
    listen()
  })

const closed = (server: Server | HttpServer): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
  })
