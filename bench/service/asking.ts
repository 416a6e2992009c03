import { Connection, type WireRequest } from '../store/connection.ts'
import type { RunningService } from './running-service.ts'

export interface Answer {
  readonly status: string
  readonly secrets: Readonly<Record<string, { readonly source: string; readonly stale: boolean }>>
}

/** One client of the service, on a connection that it keeps. */
export class Asking {
  readonly #connection: Connection
  readonly #headers: Readonly<Record<string, string>>

  constructor({ port, header }: RunningService) {
    const [name = '', value = ''] = header.split(': ')
    this.#connection = new Connection(port)
    this.#headers = { host: `127.0.0.1:${port}`, [name]: value }
  }

  async get(target: string): Promise<Answer> {
    const request: WireRequest = { method: 'GET', target, headers: this.#headers, body: '' }
    return JSON.parse(await this.#connection.send(request)) as Answer
  }

  close(): void {
    this.#connection.close()
  }
}
