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

/** What stands in a store's place until its passphrase has come. */
export class SealedDoor {
  readonly opened: Promise<Uint8Array>
  readonly #options: SealedDoorOptions
  readonly #http: HttpServer
  readonly #socket: Server
  #resolve: (passphrase: Uint8Array) => void = () => undefined
  /** One passphrase at a time: each try costs memory. */
  #trying: Promise<unknown> = Promise.resolve()

  constructor(options: SealedDoorOptions) {
    this.#options = options
    this.opened = new Promise((resolve) => {
      this.#resolve = resolve
    })
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

  async close(): Promise<void> {
    this.#http.closeAllConnections()
    await Promise.all([closed(this.#http), closed(this.#socket)])
    rmSync(unsealSocket(this.#options.folder), { force: true })
  }

  #hear(socket: Socket): void {
    const chunks: Buffer[] = []
    let length = 0
    socket.setTimeout(idleMs, () => socket.destroy())
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      length += chunk.length
      if (length > maxPassphraseBytes) socket.destroy()
    })
    socket.on('end', () => {
      const passphrase = Buffer.concat(chunks)
      for (const chunk of chunks) chunk.fill(0)
      this.#trying = this.#trying.then(() => this.#try(socket, passphrase))
    })
  }

  async #try(socket: Socket, passphrase: Buffer): Promise<void> {
    try {
      // Whoever is about to type one asks first who waits for it.
      if (passphrase.length === 0) {
        socket.end(`${JSON.stringify({ sealed: true, isNew: await this.#options.isNew() })}\n`)
        return
      }
      // What proves it clears what it is given.
      await this.#options.prove(Buffer.from(passphrase))
      socket.end('{"ok":true}\n')
      this.#resolve(passphrase)
    } catch (error) {
      passphrase.fill(0)
      const { code, message, reason } = toSecretsError(error)
      socket.end(`${JSON.stringify({ error: { code, message, ...(reason !== undefined && { reason }) } })}\n`)
    }
  }
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
