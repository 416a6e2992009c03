import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ReceivedAlert {
  readonly kind: string
  readonly severity: string
  readonly environment: string
  readonly what: string
  readonly reminder: boolean
}

/** Takes alerts, and keeps what it was told. */
export class WebhookReceiver {
  readonly #server: Server
  readonly alerts: ReceivedAlert[] = []

  constructor() {
    this.#server = createServer((request, response) => {
      let body = ''
      request.setEncoding('utf8').on('data', (text: string) => (body += text))
      request.on('end', () => {
        this.alerts.push(JSON.parse(body) as ReceivedAlert)
        response.writeHead(204).end()
      })
    })
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return this
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/alerts`
  }

  /** How it was told, in order. */
  get told(): string[] {
    return this.alerts.map(({ kind, severity }) => `${kind} ${severity}`)
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }
}
