/**
 * An HTTP API whose clients show a key. Several keys are valid at once; each may make another and remove any, as may an
 * administrator's token. It keeps to `Idempotency-Key`: who asks twice for a key is given the same one.
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export class KeyApi {
  /** SHA-256 of the valid keys, by their ids. */
  readonly keys: Map<string, string> = new Map()
  /** The paths that were asked for. */
  readonly targets: string[] = []
  /** Whether it hangs up on everybody. */
  isDown = false
  /** Whether it hangs up on who asks for a key, once, after the key was made. */
  losesAnswer = false
  readonly #made = new Map<string, string>()
  readonly #admin: string | undefined
  readonly #server: Server

  constructor({ admin }: { readonly admin?: string } = {}) {
    this.#admin = admin === undefined ? undefined : hashOf(admin)
    this.#server = createServer((request, response) => {
      request.resume().on('end', () => (this.isDown ? request.socket.destroy() : this.#answer(request, response)))
    })
  }

  async start(port = 0): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve))
    return this
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** A key that is valid from here on. */
  makeKey(): { readonly id: string; readonly key: string } {
    const made = { id: randomUUID(), key: `key_${randomBytes(24).toString('base64url')}` }
    this.keys.set(made.id, hashOf(made.key))
    return made
  }

  accepts(key: string): boolean {
    return [...this.keys.values()].includes(hashOf(key))
  }

  async stop(): Promise<void> {
    await new Promise((resolve) => {
      this.#server.close(resolve).closeAllConnections()
    })
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { method, url = '', headers } = request
    this.targets.push(url)
    const shown = headers.authorization?.replace(/^Bearer /, '') ?? ''
    if (!this.accepts(shown) && hashOf(shown) !== this.#admin) return void response.writeHead(401).end()
    if (method === 'GET' && url === '/v1/me') return void response.end('{"name":"shop"}')
    if (method === 'POST' && url === '/v1/keys') {
      const answer = this.#keyFor(headers['idempotency-key'])
      if (!this.losesAnswer) return void response.writeHead(201).end(answer)
      this.losesAnswer = false
      return void request.socket.destroy()
    }
    const [, id] = method === 'DELETE' ? (/^\/v1\/keys\/([^/]+)$/.exec(url) ?? []) : []
    response.writeHead(id !== undefined && this.keys.delete(decodeURIComponent(id)) ? 204 : 404).end()
  }

  #keyFor(token: string | string[] = randomUUID()): string {
    const before = this.#made.get(String(token))
    if (before !== undefined) return before
    const { id, key } = this.makeKey()
    const answer = JSON.stringify({ data: { id, secret: key } })
    this.#made.set(String(token), answer)
    return answer
  }
}

const hashOf = (key: string): string => createHash('sha256').update(key).digest('hex')
